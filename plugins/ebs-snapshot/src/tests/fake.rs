//! An EC2 of the thread, as far as the plugin needs one, with the faults that tests want.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use strongroom_plugin::http::{Error, Request, Response};
use strongroom_plugin::testing::http;

type Form = BTreeMap<String, String>;

/// A snapshot or a volume: the elements of its item, and its tags.
#[derive(Debug, Clone, Default)]
pub(super) struct Thing {
    pub(super) fields: BTreeMap<&'static str, String>,
    pub(super) tags: BTreeMap<String, String>,
    /// Not shown for so many looks.
    pub(super) hidden: u32,
    /// Not complete for so many looks.
    pub(super) pending: u32,
}

/// What it has, what it was asked, what goes wrong.
#[derive(Default)]
pub(super) struct Fake {
    pub(super) snapshots: BTreeMap<String, Thing>,
    pub(super) volumes: BTreeMap<String, Thing>,
    /// The forms it was sent.
    pub(super) asked: Vec<Form>,
    /// Answers everything with this.
    pub(super) page: Option<Response>,
    /// The next action of this name is refused with this status and code.
    pub(super) refuses: Option<(&'static str, u16, &'static str)>,
    /// The reply of the next action that changes something is lost, after it was carried out.
    pub(super) loses_reply: bool,
    /// What is made is not shown, or not complete, for so many looks.
    pub(super) hides: u32,
    pub(super) slow: u32,
    /// Snapshots on a page.
    pub(super) page_size: Option<usize>,
    /// Answers a filter with everything.
    pub(super) ignores_filters: bool,
    /// Answers the same page for ever.
    pub(super) circles: bool,
    counted: u32,
}

impl Fake {
    /// Answers this thread from now on, with one volume of 8 GiB.
    pub(super) fn start() -> Rc<RefCell<Self>> {
        let mut fake = Self::default();
        fake.volumes.insert(
            super::VOLUME.to_owned(),
            thing(
                &[
                    ("volumeId", super::VOLUME),
                    ("size", "8"),
                    ("status", "in-use"),
                    ("availabilityZone", "eu-west-1a"),
                ],
                &[],
            ),
        );
        let fake = Rc::new(RefCell::new(fake));
        let answering = Rc::clone(&fake);
        http::serve(move |request| answering.borrow_mut().answer(request));
        fake
    }

    fn answer(&mut self, request: &Request) -> Result<Response, Error> {
        assert_eq!((request.method, request.target.as_str()), ("POST", "/"));
        let form = read(&request.body);
        assert_eq!(form["Version"], "2016-11-15");
        self.asked.push(form.clone());
        let action = form["Action"].clone();
        if let Some(page) = &self.page {
            return Ok(page.clone());
        }
        if let Some((_, status, code)) = self.refuses.take_if(|(of, ..)| *of == action) {
            return Ok(error(status, code));
        }
        let response = self.act(&action, &form);
        if !action.starts_with("Describe") && std::mem::take(&mut self.loses_reply) {
            return Err(Error::Unreachable("the server hung up".to_owned()));
        }
        Ok(response)
    }

    fn act(&mut self, action: &str, form: &Form) -> Response {
        match action {
            "DescribeSnapshots" => self.describe_snapshots(form),
            "DescribeVolumes" => self.describe_volumes(form),
            "CreateSnapshot" | "CopySnapshot" => self.create(action, form),
            "CreateVolume" => self.create_volume(form),
            "DeleteSnapshot" => deleted(
                action,
                self.snapshots.remove(&form["SnapshotId"]),
                "InvalidSnapshot.NotFound",
            ),
            "DeleteVolume" => deleted(
                action,
                self.volumes.remove(&form["VolumeId"]),
                "InvalidVolume.NotFound",
            ),
            other => panic!("{other}"),
        }
    }

    fn describe_snapshots(&mut self, form: &Form) -> Response {
        if let Some(id) = form
            .get("SnapshotId.1")
            .filter(|id| !self.snapshots.contains_key(*id))
        {
            return error(
                400,
                if id.is_empty() {
                    "InvalidParameterValue"
                } else {
                    "InvalidSnapshot.NotFound"
                },
            );
        }
        let mut items = Vec::new();
        for (id, one) in &mut self.snapshots {
            let asked_for = form.get("SnapshotId.1").is_none_or(|asked| asked == id);
            if !asked_for || !(self.ignores_filters || fits(one, form)) {
                continue;
            }
            if one.hidden > 0 {
                one.hidden -= 1;
                continue;
            }
            items.push(one.item());
            one.pending = one.pending.saturating_sub(1);
            if one.pending == 0 && one.fields["status"] == "pending" {
                one.fields.insert("status", "completed".to_owned());
            }
        }
        let from: usize = form
            .get("NextToken")
            .map_or(0, |token| token.parse().unwrap());
        let size = self.page_size.unwrap_or(1000);
        let more = if items.len() > from + size {
            format!("<nextToken>{}</nextToken>", from + size)
        } else {
            String::new()
        };
        let more = if self.circles {
            "<nextToken>0</nextToken>".to_owned()
        } else {
            more
        };
        let page: String = items.into_iter().skip(from).take(size).collect();
        success(
            "DescribeSnapshots",
            &format!("<snapshotSet>{page}</snapshotSet>{more}"),
        )
    }

    fn describe_volumes(&mut self, form: &Form) -> Response {
        if form
            .get("VolumeId.1")
            .is_some_and(|id| !self.volumes.contains_key(id))
        {
            return error(400, "InvalidVolume.NotFound");
        }
        let mut page = String::new();
        for (id, one) in &mut self.volumes {
            if form.get("VolumeId.1").is_none_or(|asked| asked == id) && fits(one, form) {
                page.push_str(&one.item());
                one.pending = one.pending.saturating_sub(1);
                if one.pending == 0 && one.fields["status"] == "creating" {
                    one.fields.insert("status", "available".to_owned());
                }
            }
        }
        success("DescribeVolumes", &format!("<volumeSet>{page}</volumeSet>"))
    }

    fn create(&mut self, action: &str, form: &Form) -> Response {
        self.counted += 1;
        let id = format!("snap-0{}", self.counted);
        let volume = form.get("VolumeId").map_or("vol-ffffffff", String::as_str);
        if form.contains_key("VolumeId") && !self.volumes.contains_key(volume) {
            return error(400, "InvalidVolume.NotFound");
        }
        let mut made = snapshot(&id, volume, self.counted);
        made.tags = tags(form, "snapshot");
        (made.hidden, made.pending) = (self.hides, self.slow);
        if self.slow > 0 {
            made.fields.insert("status", "pending".to_owned());
        }
        let text = format!(
            "<snapshotId>{id}</snapshotId><volumeId>{volume}</volumeId><status>pending</status>"
        );
        self.snapshots.insert(id, made);
        success(action, &text)
    }

    fn create_volume(&mut self, form: &Form) -> Response {
        self.counted += 1;
        let id = format!("vol-0b{}", self.counted);
        let of = form["SnapshotId"].as_str();
        if !self.snapshots.contains_key(of) {
            return error(400, "InvalidSnapshot.NotFound");
        }
        let mut made = thing(
            &[
                ("volumeId", &id),
                ("snapshotId", of),
                ("size", "8"),
                ("status", "creating"),
                ("availabilityZone", &form["AvailabilityZone"]),
            ],
            &[],
        );
        made.tags = tags(form, "volume");
        made.pending = self.slow;
        self.volumes.insert(id.clone(), made);
        success(
            "CreateVolume",
            &format!("<volumeId>{id}</volumeId><snapshotId>{of}</snapshotId>"),
        )
    }

    /// How often an action was asked for.
    pub(super) fn count(&self, action: &str) -> usize {
        self.asked
            .iter()
            .filter(|form| form["Action"] == action)
            .count()
    }
}

impl Thing {
    fn item(&self) -> String {
        let fields = self
            .fields
            .iter()
            .map(|(name, value)| format!("<{name}>{value}</{name}>"));
        let tags = self
            .tags
            .iter()
            .map(|(key, value)| format!("<item><key>{key}</key><value>{value}</value></item>"));
        format!(
            "<item>{}<tagSet>{}</tagSet></item>",
            fields.collect::<String>(),
            tags.collect::<String>()
        )
    }
}

pub(super) fn thing(fields: &[(&'static str, &str)], tags: &[(&str, &str)]) -> Thing {
    Thing {
        fields: fields
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
        tags: tags
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        ..Thing::default()
    }
}

/// A complete snapshot of 8 GiB, begun in this minute after six.
pub(super) fn snapshot(id: &str, volume: &str, minute: u32) -> Thing {
    let started = format!("2026-11-20T06:{minute:02}:00.000Z");
    thing(
        &[
            ("snapshotId", id),
            ("volumeId", volume),
            ("status", "completed"),
            ("startTime", &started),
            ("progress", "40%"),
            ("volumeSize", "8"),
        ],
        &[],
    )
}

fn fits(one: &Thing, form: &Form) -> bool {
    (1..)
        .map_while(|n| form.get(&format!("Filter.{n}.Name")).map(|name| (n, name)))
        .all(|(n, name)| {
            let value = &form[&format!("Filter.{n}.Value.1")];
            one.tags.get(name.strip_prefix("tag:").unwrap()) == Some(value)
        })
}

fn tags(form: &Form, kind: &str) -> BTreeMap<String, String> {
    assert_eq!(form["TagSpecification.1.ResourceType"], kind);
    let tag = |n: u32| {
        let key = form.get(&format!("TagSpecification.1.Tag.{n}.Key"))?;
        Some((
            key.clone(),
            form[&format!("TagSpecification.1.Tag.{n}.Value")].clone(),
        ))
    };
    (1..).map_while(tag).collect()
}

fn deleted(action: &str, there: Option<Thing>, code: &'static str) -> Response {
    there.map_or_else(
        || error(400, code),
        |_| success(action, "<return>true</return>"),
    )
}

fn success(action: &str, inside: &str) -> Response {
    let text = format!(
        "<?xml version=\"1.0\"?>\n<{action}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>1</requestId>{inside}</{action}Response>"
    );
    response(200, &text)
}

pub(super) fn error(status: u16, code: &str) -> Response {
    let text = format!(
        "<?xml version=\"1.0\"?>\n<Response><Errors><Error><Code>{code}</Code><Message>because</Message></Error></Errors><RequestID>1</RequestID></Response>"
    );
    response(status, &text)
}

pub(super) fn response(status: u16, text: &str) -> Response {
    Response {
        status,
        headers: Vec::new(),
        body: text.as_bytes().to_vec(),
    }
}

/// A form, decoded.
fn read(body: &[u8]) -> Form {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let pairs = text.split('&').map(|pair| pair.split_once('=').unwrap());
    pairs
        .map(|(key, value)| (http::decoded(key), http::decoded(value)))
        .collect()
}

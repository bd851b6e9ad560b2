//! What snapshots are called, and the marks that say how far something came.
//!
//! Owns: `TENANT.TIME.RUN`, the only name this plugin gives, reads or deletes. LXD keeps neither labels nor a time of
//! creation with a snapshot of a volume, but it refuses a name twice: so the name carries what must be found again.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use strongroom_plugin::{Call, Failure, Instant};

use crate::Config;

/// How scratch volumes of verifications begin; nothing else is ever deleted but snapshots.
pub(crate) const SCRATCH: &str = "strongroom-verify-";
/// How a time stands in a name: `20261119T060000Z`.
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// A name this plugin gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// `TENANT.TIME.RUN`.
    pub(crate) text: String,
    pub(crate) run_id: String,
    /// The due time, to the second.
    pub(crate) due: Instant,
}

impl Name {
    /// The name of the snapshot that this run makes: the same for every attempt.
    pub(crate) fn of_run(call: &Call<Config>) -> Result<Self, Failure> {
        let due = Timestamp::from_second(call.due.0.div_euclid(1000))
            .map_err(|_| Failure::invalid("the due time lies outside the years -9999 to 9999"))?;
        let time = due.to_zoned(TimeZone::UTC).strftime(TIME);
        let text = format!("{}.{time}.{}", call.tenant, call.run_id);
        Self::read(&call.tenant, &text)
            .ok_or_else(|| Failure::invalid(format!("no snapshot can be called {text:?}")))
    }

    /// Reads a name; `None`: it is not one of this tenant's.
    pub(crate) fn read(tenant: &str, text: &str) -> Option<Self> {
        let rest = text.strip_prefix(tenant)?.strip_prefix('.')?;
        let (time, run_id) = rest.split_once('.')?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if run_id.is_empty() || run_id.len() > 64 || !run_id.bytes().all(plain) {
            return None;
        }
        let due = jiff::fmt::strtime::parse(TIME, time)
            .and_then(|parsed| parsed.to_datetime())
            .and_then(|time| time.to_zoned(TimeZone::UTC))
            .ok()?;
        Some(Self {
            text: text.to_owned(),
            run_id: run_id.to_owned(),
            due: Instant(due.timestamp().as_millisecond()),
        })
    }

    /// Reads the name in a handle.
    pub(crate) fn of_handle(call: &Call<Config>, text: &str) -> Result<Self, Failure> {
        Self::read(&call.tenant, text)
            .ok_or_else(|| Failure::invalid(format!("{text:?} is not a snapshot of this tenant")))
    }

    /// Reads a reference, `PROJECT/POOL/VOLUME/NAME`. Of another place than the configuration's it is refused: looking here
    /// would find nothing, and nothing counts as deleted.
    pub(crate) fn of_reference(call: &Call<Config>, reference: &str) -> Result<Self, Failure> {
        let Config { project, pool, .. } = &call.config;
        let here = format!("{project}/{pool}/{}", call.config.volume(&call.tenant));
        let Some((there, name)) = reference.rsplit_once('/') else {
            return Err(Failure::invalid(format!(
                "{reference:?} does not name a snapshot of a volume"
            )));
        };
        if there != here {
            return Err(Failure::invalid(format!(
                "{reference:?} is in {there:?}, and the configuration says {here:?}"
            )));
        }
        Self::read(&call.tenant, name).ok_or_else(|| {
            Failure::invalid(format!(
                "{reference:?} is not a snapshot that this plugin made for {}",
                call.tenant
            ))
        })
    }

    /// As LXD names a snapshot of a volume.
    pub(crate) fn within(&self, volume: &str) -> String {
        format!("{volume}/{}", self.text)
    }

    /// The description of a snapshot that is whole. It is written when LXD's operation has succeeded and not before: what
    /// lacks it may be partial, however it looks.
    pub(crate) fn complete(&self, tenant: &str) -> String {
        mark("complete", tenant, &self.run_id)
    }
}

/// A description that says how far something came, for whom, by which run.
pub(crate) fn mark(how_far: &str, tenant: &str, run_id: &str) -> String {
    format!("strongroom/{how_far}/{tenant}/{run_id}")
}

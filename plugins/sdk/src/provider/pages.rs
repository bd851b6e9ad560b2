//! Lists in pages: those of a provider read to their end, and a whole list cut to the page that the host asks for.

use std::collections::BTreeSet;

use crate::{Failure, Page, Snapshot};

/// The most snapshots of a page (`wit/snapshots.wit`).
const MOST: u32 = 1000;

/// Everything of a list, `page` by `page`: each is asked for with the cursor of the page before it.
///
/// # Errors
/// A page's own failure; [`Failure::Other`]: a cursor comes a second time, or there are more than `most` pages.
pub fn every_page<T>(
    most: usize,
    mut page: impl FnMut(Option<&str>) -> Result<(Vec<T>, Option<String>), Failure>,
) -> Result<Vec<T>, Failure> {
    let mut found = Vec::new();
    let mut cursors = BTreeSet::new();
    let mut cursor: Option<String> = None;
    for _ in 0..most {
        let (items, next) = page(cursor.as_deref())?;
        found.extend(items);
        match next {
            None => return Ok(found),
            Some(next) if cursors.insert(next.clone()) => cursor = Some(next),
            Some(_) => return Err(Failure::other("the provider's list goes round in circles")),
        }
    }
    Err(Failure::other(format!(
        "the provider's list has more than {most} pages"
    )))
}

impl Page {
    /// The first of what is left of a list, oldest first, as many as the host asks for; `cursor` names the last one.
    #[must_use]
    pub fn first<T>(
        mut left: Vec<T>,
        limit: u32,
        cursor: impl FnOnce(&T) -> String,
        snapshot: impl FnMut(&T) -> Snapshot,
    ) -> Self {
        let limit = limit.clamp(1, MOST) as usize;
        let more = left.len() > limit;
        left.truncate(limit);
        Self {
            next: left.last().filter(|_| more).map(cursor),
            snapshots: left.iter().map(snapshot).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_to_its_end_and_never_for_ever() {
        let pages = |cursor: Option<&str>| match cursor {
            None => Ok((vec![1, 2], Some("a".to_owned()))),
            Some("a") => Ok((vec![3], None)),
            Some(_) => Err(Failure::invalid("no cursor")),
        };
        assert_eq!(every_page(2, pages), Ok(vec![1, 2, 3]));
        assert!(every_page(1, pages).is_err());
        let circle = |_: Option<&str>| Ok((vec![1], Some("a".to_owned())));
        let failure = every_page(100, circle).unwrap_err();
        assert!(failure.detail().contains("circles"), "{failure}");
    }
}

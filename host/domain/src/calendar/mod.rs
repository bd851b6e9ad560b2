//! Time: what an operator writes (cron, `every`, zones) and the instants it means.
//!
//! Owns: reading cron text, zones and lengths of time; every due time of a trigger, daylight saving included.
//! Never: a clock. The crates `cron` and `chrono` are named here only, in `civil`.
//! How: own reading of the text (`cron_text`, `field`) → civil times (`civil`) → instants in the zone (`due`, `dst`).
//! Read next: `due`.

mod civil;
mod cron_text;
mod dst;
mod due;
mod every;
mod field;
mod length;
mod zone;

pub use cron_text::{Cron, CronError};
pub use dst::{DstGap, DstNote, DstOverlap};
pub use due::{DueTime, due_between, next_due};
pub use every::{Every, EveryError};
pub use length::{DurationError, parse_duration};
pub use zone::{Zone, ZoneError};

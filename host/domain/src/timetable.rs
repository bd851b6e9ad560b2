//! A timetable: what makes a schedule due, as text that can be kept.
//!
//! Owns: the part of a schedule on which its due times depend. The ledger keeps it, so that after an edit the due times
//! up to the edit are still those of the old text, whatever the file says now.

use serde::{Deserialize, Serialize};

use crate::calendar::{Cron, DstGap, DstOverlap, Every, Zone};
use crate::schedule::{Schedule, Trigger};
use crate::{PluginName, TenantName};

/// What the due times of a schedule depend on, and for whom they are.
#[derive(Debug, Clone)]
pub struct Timetable {
    /// When.
    pub trigger: Trigger,
    /// The zone of its civil times.
    pub zone: Zone,
    /// For whom.
    pub tenants: Vec<TenantName>,
    /// Run by.
    pub plugin: PluginName,
}

/// As kept.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    cron: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dst_gap: Option<DstGap>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dst_overlap: Option<DstOverlap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    every: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<jiff::Timestamp>,
    timezone: String,
    tenants: Vec<TenantName>,
    plugin: PluginName,
}

impl Timetable {
    /// Whether a schedule has a timetable; not if it is disabled, was succeeded by another
    /// one, or waits for something else than time.
    #[must_use]
    pub fn exists(schedule: &Schedule) -> bool {
        match schedule.trigger {
            Trigger::Cron { .. } | Trigger::Every(_) | Trigger::At(_) => schedule.begins(),
            Trigger::Event(_) | Trigger::After(_) => false,
        }
    }

    /// The timetable of a schedule; `None`: it has none.
    #[must_use]
    pub fn of(schedule: &Schedule) -> Option<Self> {
        Self::exists(schedule).then(|| Self {
            trigger: schedule.trigger.clone(),
            zone: schedule.zone.clone(),
            tenants: schedule.tenants.clone(),
            plugin: schedule.plugin.clone(),
        })
    }

    /// Whether two schedules have the same timetable, as their texts would be equal.
    #[must_use]
    pub fn is_same(one: &Schedule, other: &Schedule) -> bool {
        let triggers = match (&one.trigger, &other.trigger) {
            (
                Trigger::Cron { cron, gap, overlap },
                Trigger::Cron {
                    cron: other,
                    gap: other_gap,
                    overlap: other_overlap,
                },
            ) => cron.as_str() == other.as_str() && gap == other_gap && overlap == other_overlap,
            (Trigger::Every(every), Trigger::Every(other)) => every.as_str() == other.as_str(),
            (Trigger::At(at), Trigger::At(other)) => at == other,
            _ => false,
        };
        triggers
            && Self::exists(one)
            && Self::exists(other)
            && one.zone.as_str() == other.zone.as_str()
            && one.tenants == other.tenants
            && one.plugin == other.plugin
    }

    /// As JSON text; equal timetables make equal texts.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut kept = Kept {
            cron: None,
            dst_gap: None,
            dst_overlap: None,
            every: None,
            at: None,
            timezone: self.zone.as_str().to_owned(),
            tenants: self.tenants.clone(),
            plugin: self.plugin.clone(),
        };
        match &self.trigger {
            Trigger::Cron { cron, gap, overlap } => {
                kept.cron = Some(cron.as_str().to_owned());
                kept.dst_gap = Some(*gap);
                kept.dst_overlap = Some(*overlap);
            }
            Trigger::Every(every) => kept.every = Some(every.as_str().to_owned()),
            Trigger::At(at) => kept.at = Some(*at),
            Trigger::Event(_) | Trigger::After(_) => {}
        }
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// Reads what [`Timetable::to_text`] wrote; `None`: it is not one (a zone may have left the zone database).
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let kept: Kept = serde_json::from_str(text).ok()?;
        let trigger = match (kept.cron, kept.every, kept.at) {
            (Some(cron), None, None) => Trigger::Cron {
                cron: Cron::parse(&cron).ok()?.into(),
                gap: kept.dst_gap.unwrap_or_default(),
                overlap: kept.dst_overlap.unwrap_or_default(),
            },
            (None, Some(every), None) => Trigger::Every(Every::parse(&every).ok()?),
            (None, None, Some(at)) => Trigger::At(at),
            _ => return None,
        };
        Some(Self {
            trigger,
            zone: Zone::parse(&kept.timezone).ok()?,
            tenants: kept.tenants,
            plugin: kept.plugin,
        })
    }
}

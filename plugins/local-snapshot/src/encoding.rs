//! How `METADATA.jsonl` writes what JSON has no type for: bytes, digests, modes, times.
//!
//! Owns: a form a person can read and a program reads back exactly. Never: loses a byte of a name.

use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use strongroom_plugin::files;

/// Names, link texts and attribute values: a string where they are UTF-8, else `{"hex": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

/// A SHA-256 as 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest(pub(crate) [u8; 32]);

/// Permission bits in octal, `"0644"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mode(pub(crate) u32);

/// Seconds since the epoch, a point, nine digits of nanoseconds after that second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    pub(crate) seconds: i64,
    pub(crate) nanoseconds: u32,
}

impl Digest {
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn from_hex(text: &[u8]) -> Option<Self> {
        unhex(text).and_then(|bytes| Self::from_slice(&bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl From<files::Time> for Time {
    fn from(time: files::Time) -> Self {
        Self {
            seconds: time.seconds,
            nanoseconds: time.nanoseconds,
        }
    }
}

impl From<Time> for files::Time {
    fn from(time: Time) -> Self {
        Self {
            seconds: time.seconds,
            nanoseconds: time.nanoseconds,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS.get(usize::from(half)).copied().unwrap_or_default());
    bytes
        .iter()
        .flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.chunks(2).map(|pair| match pair {
        &[high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    });
    pairs.collect()
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("hex", &hex(&self.0))?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsBytes;
        impl<'de> Visitor<'de> for AsBytes {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or {\"hex\": …}")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes, E> {
                Ok(Bytes(text.as_bytes().to_vec()))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Bytes, A::Error> {
                match map.next_entry::<String, String>()? {
                    Some((key, value)) if key == "hex" => unhex(value.as_bytes())
                        .map(Bytes)
                        .ok_or_else(|| de::Error::custom("not hexadecimal")),
                    _ => Err(de::Error::custom("expected the key `hex`")),
                }
            }
        }
        deserializer.deserialize_any(AsBytes)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl Serialize for Mode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:04o}", self.0))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{}.{:09}", self.seconds, self.nanoseconds))
    }
}

/// Reads a type from a JSON string without keeping the string.
macro_rules! from_text {
    ($type:ty, $expected:literal, $read:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct AsText;
                impl Visitor<'_> for AsText {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        let read: fn(&str) -> Option<$type> = $read;
                        read(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
                    }
                }
                deserializer.deserialize_str(AsText)
            }
        }
    };
}

from_text!(Digest, "64 hexadecimal digits", |text| Digest::from_hex(
    text.as_bytes()
));
from_text!(Mode, "an octal number", |text| u32::from_str_radix(text, 8)
    .ok()
    .map(Mode));
from_text!(Time, "seconds, a point, nanoseconds", |text| {
    let (seconds, nanoseconds) = text.split_once('.')?;
    Some(Time {
        seconds: seconds.parse().ok()?,
        nanoseconds: nanoseconds.parse().ok()?,
    })
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_survive_the_way_through_json(bytes: Vec<u8>, seconds: i64, nanoseconds in 0_u32..1_000_000_000, mode in 0_u32..0o10000, digest: [u8; 32]) {
            let written = serde_json::to_string(&(Bytes(bytes.clone()), Time { seconds, nanoseconds }, Mode(mode), Digest(digest))).unwrap();
            prop_assert!(!written.contains('\n'));
            let read: (Bytes, Time, Mode, Digest) = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(read, (Bytes(bytes), Time { seconds, nanoseconds }, Mode(mode), Digest(digest)));
        }
    }

    #[test]
    fn a_person_can_read_what_is_written() {
        let written = serde_json::to_string(&(
            Bytes(b"na\xc3\xafve".to_vec()),
            Bytes(vec![0xff, 0x41]),
            Mode(0o644),
        ))
        .unwrap();
        assert_eq!(written, r#"["naïve",{"hex":"ff41"},"0644"]"#);
        assert!(serde_json::from_str::<Bytes>(r#"{"hex":"f"}"#).is_err());
    }
}

//! The addresses a name may resolve to: public ones, and those that the grant names.
//!
//! Sources: IANA's special-purpose address registries (RFC 6890 and its updates), NAT64 (RFC 6052, RFC 8215), 6to4
//! (RFC 3056), Teredo (RFC 4380), mapped and compatible forms (RFC 4291).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// One address, or all addresses with the same first bits, such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AddressRange {
    first: IpAddr,
    bits: u8,
}

/// The reason why a text is not a range, as half a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRange(pub &'static str);

impl AddressRange {
    /// Parses an address or a range.
    ///
    /// # Errors
    /// [`InvalidRange`]: not an address, too many bits, bits set behind the prefix, or all addresses.
    pub fn parse(text: &str) -> Result<Self, InvalidRange> {
        let (address, bits) = text
            .split_once('/')
            .map_or((text, None), |(address, bits)| (address, Some(bits)));
        let first: IpAddr = address
            .parse()
            .map_err(|_| InvalidRange("it is not an address such as `10.0.0.0/8`"))?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) => bits
                .parse()
                .ok()
                .filter(|bits| *bits <= most)
                .ok_or(InvalidRange("its length is no number of bits"))?,
        };
        if bits == 0 {
            return Err(InvalidRange("it is every address there is"));
        }
        if number(first) & !mask(bits, most) != 0 {
            return Err(InvalidRange("it has bits set behind its prefix"));
        }
        Ok(Self { first, bits })
    }

    /// Whether an address is in the range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let most = if self.first.is_ipv4() { 32 } else { 128 };
        self.first.is_ipv4() == address.is_ipv4()
            && number(address) & mask(self.bits, most) == number(self.first)
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => address.into(),
    }
}

fn mask(bits: u8, most: u8) -> u128 {
    let all = if most == 32 {
        u128::from(u32::MAX)
    } else {
        u128::MAX
    };
    all & !(all.checked_shr(u32::from(bits)).unwrap_or(0))
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first, self.bits) {
            (IpAddr::V4(address), 32) => write!(f, "{address}"),
            (IpAddr::V6(address), 128) => write!(f, "{address}"),
            (address, bits) => write!(f, "{address}/{bits}"),
        }
    }
}

impl TryFrom<String> for AddressRange {
    type Error = InvalidRange;
    fn try_from(text: String) -> Result<Self, InvalidRange> {
        Self::parse(&text)
    }
}

impl From<AddressRange> for String {
    fn from(range: AddressRange) -> Self {
        range.to_string()
    }
}

/// Whether an address belongs to the public internet, also where it has an IPv4 address inside.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || (a == 198 && matches!(b, 18 | 19)))
}

/// Whether an address is global unicast (2000::/3) and not in one of the special ranges inside.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, ..] = address.segments();
    let documentation = (a == 0x2001 && b == 0x0db8) || (a == 0x3fff && b < 0x1000);
    // 2001::/23 is for protocols: Teredo, benchmarks, ORCHID. 2002::/16 is 6to4. NAT64 (64:ff9b::/96, 64:ff9b:1::/48),
    // mapped, compatible, loopback, unique local, link-local and multicast are not in 2000::/3.
    let protocols = a == 0x2001 && b < 0x0200;
    let as112 = a == 0x2620 && b == 0x004f && c == 0x8000;
    (0x2000..0x4000).contains(&a) && !documentation && !protocols && !as112 && a != 0x2002
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_not_public_in_any_form() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "5f00::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "8.8.8.8",
            "1.1.1.1",
            "100.128.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "2606:4700::1111",
            "2a00:1450:4001::1",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn ranges_hold_their_addresses() {
        let range = AddressRange::parse("10.0.0.0/8").unwrap();
        assert!(range.contains("10.255.0.1".parse().unwrap()));
        assert!(!range.contains("11.0.0.1".parse().unwrap()));
        assert!(!range.contains("::ffff:10.0.0.1".parse().unwrap()));
        assert_eq!(range.to_string(), "10.0.0.0/8");
        let one = AddressRange::parse("::1").unwrap();
        assert!(one.contains("::1".parse().unwrap()) && !one.contains("::2".parse().unwrap()));
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "0.0.0.0/0",
            "::/0",
            "10.0.0.0/x",
            "localhost",
        ] {
            assert!(AddressRange::parse(text).is_err(), "{text}");
        }
    }
}

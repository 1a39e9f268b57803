//! The interfaces of this machine, through libpcap.

use std::fmt;

/// An interface that can be named after `-i`.
#[derive(Clone, Debug)]
pub struct Device {
    /// As libpcap and `ip link` call it.
    pub name: String,
    /// What it is, and its addresses.
    pub about: String,
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<16} {}", self.name, self.about)
    }
}

/// What libpcap says when it cannot.
pub type DeviceError = pcap::Error;

/// Lists the interfaces that libpcap offers this user, which may be fewer than there are.
pub fn devices() -> Result<Vec<Device>, DeviceError> {
    Ok(pcap::Device::list()?.into_iter().map(device).collect())
}

fn device(found: pcap::Device) -> Device {
    let mut about: Vec<String> = found.desc.into_iter().collect();
    if found.flags.is_loopback() {
        about.push("loopback".to_owned());
    }
    if !found.flags.is_up() {
        about.push("down".to_owned());
    }
    about.extend(
        found
            .addresses
            .iter()
            .map(|address| address.addr.to_string()),
    );
    Device {
        name: found.name,
        about: about.join(", "),
    }
}

//! The names of the captures that come with the program.

pub(crate) const CAPTURES: [&str; 11] = [
    "be_sections.pcapng",
    "choke_dance.pcap",
    "ipv6_vlan.pcapng",
    "loopback.pcap",
    "midstream.pcap",
    "misbehaving.pcap",
    "mse.pcap",
    "tcp_lossy.pcap",
    "truncated_snaplen.pcap",
    "utp_only.pcap",
    "v2_hybrid.pcap",
];

//! Encryption, names and addresses.

mod encryption;
mod names;

use std::net::IpAddr;

use super::Rules;
use super::exchange::{is_private, is_public};
use super::extensions::read;
use crate::findings::Code;
use crate::findings::scene::{Ending, Raise, Scene};
use crate::wire::extension::Body;
use crate::wire::{ExtendedHandshake, Message, PeerId};

/// Encryption, names and addresses.
#[derive(Debug, Default)]
pub(super) struct Secrecy {
    peer_ids: [Option<PeerId>; 2],
}

impl Rules for Secrecy {
    fn said(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        match message {
            Message::Handshake(handshake) => {
                self.peer_ids[scene.by.index()] = Some(handshake.peer_id);
                names::peer_id(scene, &handshake.peer_id, out);
            }
            Message::Extended { id: 0, payload } => {
                if let Some(Body::Handshake(hello)) = read(scene, 0, payload) {
                    let peer_id = self.peer_ids[scene.by.index()].as_ref();
                    names::hello(scene, payload, peer_id, out);
                    addresses(scene, &hello, out);
                }
            }
            _ => {}
        }
    }

    fn ended(&mut self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        encryption::judge(ending, out);
    }
}

fn addresses(scene: &Scene<'_>, hello: &ExtendedHandshake, out: &mut Raise<'_>) {
    let told = [
        ("yourip", hello.yourip),
        ("ipv4", hello.ipv4.map(IpAddr::from)),
        ("ipv6", hello.ipv6.map(IpAddr::from)),
    ];
    let is_public = is_public(scene);
    for (key, ip) in told {
        if is_public && ip.is_some_and(|ip| is_private(ip.to_canonical())) {
            let words = format_args!("{key} is a private address");
            out.say(Code::AddressLeak, scene.by, scene.spot(), words);
        }
    }
    own_address(scene, hello.yourip, out);
    listening(scene, hello.port, out);
}

/// A tunnel may carry IPv6 over IPv4: only addresses of one kind can differ.
fn own_address(scene: &Scene<'_>, yourip: Option<IpAddr>, out: &mut Raise<'_>) {
    let real = scene.connection.real_end(!scene.by).ip.to_canonical();
    let is_other = |ip: IpAddr| ip.is_ipv4() == real.is_ipv4() && ip != real;
    if yourip.is_some_and(|ip| is_other(ip.to_canonical())) {
        let words = format_args!("yourip is not the address of the receiver in this capture");
        out.say(Code::YouripWrong, scene.by, scene.spot(), words);
    }
}

/// Who opened the connection did so from any port.
fn listening(scene: &Scene<'_>, port: Option<i64>, out: &mut Raise<'_>) {
    let (opener, evidence) = scene.connection.opener;
    let reached = scene.connection.real_end(scene.by).port;
    let is_sure = opener != scene.by && evidence == crate::stream::Evidence::Syn;
    if let Some(port) = port.filter(|port| is_sure && *port != i64::from(reached)) {
        let words = format_args!("p is {port}, though the connection was made to port {reached}");
        out.say(Code::ListenPortDiffers, scene.by, scene.spot(), words);
    }
}

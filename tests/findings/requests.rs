//! Rules of `requests`.

use super::Case;
use super::scene::{Scene, block};
use peerscope::wire::Message::{Choke, Request, Unchoke};

/// B has choked A.
fn choked() -> Scene {
    Scene::fast().b(Unchoke).wait(1.0).b(Choke).wait(1.0)
}

pub(crate) const CASES: &[Case] = &[
    Case {
        rule: "request-while-choked",
        breaks: || choked().a(Request(block(1, 0))).found(),
        keeps: || choked().unheard().a(Request(block(1, 0))).found(),
        doubts: || choked().gap("b", 100).a(Request(block(1, 0))).found(),
    },
    Case {
        rule: "request-crossed-choke",
        breaks: || choked().unheard().a(Request(block(1, 0))).found(),
        keeps: || choked().a(Request(block(1, 0))).found(),
        doubts: || {
            choked()
                .gap("b", 100)
                .unheard()
                .a(Request(block(1, 0)))
                .found()
        },
    },
];

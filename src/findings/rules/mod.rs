//! Who judges: one file for each family of rules.

mod capture;
mod choking;
mod churn;
mod data;
mod exchange;
mod extensions;
mod metadata;
mod opening;
mod pace;
mod possession;
mod requests;
mod secrecy;
mod silence;
mod swarm;
mod transport;

use super::scene::{Ending, Raise, Scene};
use crate::store::What;
use crate::wire::Message;

pub(super) use capture::OfCapture;
pub(super) use swarm::Swarms;

/// A family of rules about one conversation, and what it has to remember for them.
trait Rules {
    /// Someone says something. The state is that before it.
    fn said(&mut self, _scene: &Scene<'_>, _message: &Message, _out: &mut Raise<'_>) {}

    /// A stretch that is no message: a gap, or bytes that are not understood, that hide something, or that came twice.
    fn missed(&mut self, _scene: &Scene<'_>, _what: &What, _out: &mut Raise<'_>) {}

    /// Nothing more will come, be it that the connection or that the capture ended.
    fn ended(&mut self, _ending: &Ending<'_>, _out: &mut Raise<'_>) {}
}

/// All families.
#[derive(Debug, Default)]
pub(super) struct OfConnection {
    opening: opening::Opening,
    possession: possession::Possession,
    requests: requests::Requests,
    data: data::Data,
    extensions: extensions::Extensions,
    metadata: metadata::Metadata,
    exchange: exchange::Exchange,
    choking: choking::Choking,
    silence: silence::Silence,
    pace: pace::Pace,
    transport: transport::Transport,
    secrecy: secrecy::Secrecy,
    heard: capture::Heard,
}

impl OfConnection {
    pub(super) fn said(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        self.opening.said(scene, message, out);
        self.possession.said(scene, message, out);
        self.requests.said(scene, message, out);
        self.data.said(scene, message, out);
        self.extensions.said(scene, message, out);
        self.metadata.said(scene, message, out);
        self.exchange.said(scene, message, out);
        self.choking.said(scene, message, out);
        self.silence.said(scene, message, out);
        self.pace.said(scene, message, out);
        self.transport.said(scene, message, out);
        self.secrecy.said(scene, message, out);
        self.heard.said(scene, message, out);
    }

    pub(super) fn missed(&mut self, scene: &Scene<'_>, what: &What, out: &mut Raise<'_>) {
        self.opening.missed(scene, what, out);
        self.possession.missed(scene, what, out);
        self.requests.missed(scene, what, out);
        self.data.missed(scene, what, out);
        self.extensions.missed(scene, what, out);
        self.metadata.missed(scene, what, out);
        self.exchange.missed(scene, what, out);
        self.choking.missed(scene, what, out);
        self.silence.missed(scene, what, out);
        self.pace.missed(scene, what, out);
        self.transport.missed(scene, what, out);
        self.secrecy.missed(scene, what, out);
        self.heard.missed(scene, what, out);
    }

    pub(super) fn ended(&mut self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        self.opening.ended(ending, out);
        self.possession.ended(ending, out);
        self.requests.ended(ending, out);
        self.data.ended(ending, out);
        self.extensions.ended(ending, out);
        self.metadata.ended(ending, out);
        self.exchange.ended(ending, out);
        self.choking.ended(ending, out);
        self.silence.ended(ending, out);
        self.pace.ended(ending, out);
        self.transport.ended(ending, out);
        self.secrecy.ended(ending, out);
        self.heard.ended(ending, out);
    }
}

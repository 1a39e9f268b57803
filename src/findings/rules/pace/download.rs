//! One direction of data: how deep its queue of requests is, and how long blocks take.

use std::collections::VecDeque;

use super::latencies::Latencies;
use crate::capture::Timestamp;
use crate::findings::rules::choking::seconds;
use crate::findings::scene::{Ending, Raise, SECOND, Scene};
use crate::findings::{Code, Spot};
use crate::peer::Flow;
use crate::stream::Side;
use crate::wire::{Block, Message};

/// Requests whose times are remembered: libtorrent asks for 500 at most. What is asked for beyond is not timed.
const MAX_TIMED: usize = 1024;
/// Depths of a queue that are told apart. Who has more open is not stingy.
const DEPTHS: usize = 65;

/// An empty queue is refilled within this, or something else is the reason.
const REFILL: i64 = SECOND;
const SHALLOW_TIME: i64 = 5 * SECOND;
const SHALLOW_PAUSES: u32 = 10;
const SHALLOW_BLOCKS: u32 = 20;
const SHALLOW_PERCENT: i64 = 20;

const FIXED_PEAKS: u32 = 100;
const FIXED_PERCENT: u32 = 95;

const RTT_BLOCKS: u32 = 20;
const RTT_HIGH: i64 = 5 * SECOND;
const BIMODAL_BLOCKS: u32 = 50;
const BIMODAL_TIMES: i64 = 10;
/// Less than that nobody feels.
const BIMODAL_LEAST: i64 = SECOND / 5;

const SLOW_TIME: i64 = 10 * SECOND;
const SLOW_RATE: i64 = 16 * 1024;

#[derive(Debug)]
pub(super) struct Download {
    open: VecDeque<(Block, Timestamp)>,
    first: Spot,
    latencies: Latencies,
    depths: [u32; DEPTHS],
    peaks: u32,
    last: Last,
    run: Run,
    sum: Sum,
}

/// What was done last to the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Asked,
    Answered,
}

/// Whether blocks are asked for and may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Run {
    Off,
    /// Since then.
    On(Timestamp),
    /// The same, and since the second moment nothing is open.
    Empty(Timestamp, Timestamp),
    /// Words are missing: what is open is not known any more.
    Blind,
}

/// Of all runs.
#[derive(Debug, Default)]
struct Sum {
    nanos: i64,
    /// Of it, with nothing open.
    empty: i64,
    pauses: u32,
    blocks: u32,
    bytes: i64,
}

impl Default for Download {
    fn default() -> Download {
        Download {
            open: VecDeque::new(),
            first: Spot::default(),
            latencies: Latencies::default(),
            depths: [0; DEPTHS],
            peaks: 0,
            last: Last::Answered,
            run: Run::Off,
            sum: Sum::default(),
        }
    }
}

impl Download {
    pub(super) fn said(&mut self, scene: &Scene<'_>, message: &Message) {
        match message {
            Message::Request(block) => self.asks(scene, *block),
            Message::Piece(block) => self.comes(scene.now(), *block),
            Message::Cancel(block) | Message::Reject(block) => self.withdraw(scene.now(), *block),
            Message::Choke => {
                self.stop(scene.now());
                if !scene.talk.has_fast() {
                    self.open.clear();
                }
            }
            Message::Unchoke if self.run == Run::Off && !self.open.is_empty() => {
                self.run = Run::On(scene.now());
            }
            _ => {}
        }
    }

    /// What is asked for next may have other reasons than the last block.
    pub(super) fn pause(&mut self) {
        if let Run::Empty(since, at) = self.run {
            self.sum.nanos += at.since(since).max(0);
            self.run = Run::Off;
        }
    }

    pub(super) fn go_blind(&mut self) {
        self.run = Run::Blind;
    }

    fn asks(&mut self, scene: &Scene<'_>, block: Block) {
        let now = scene.now();
        if self.first.entry.is_none() {
            self.first = scene.spot();
            let hears = Side::BOTH.iter().all(|side| scene.hears(*side));
            self.run = if hears { Run::Off } else { Run::Blind };
        }
        if let Run::Empty(since, at) = self.run {
            let passed = now.since(at).max(0);
            if passed <= REFILL {
                self.sum.empty += passed;
                self.sum.pauses += 1;
                self.run = Run::On(since);
            } else {
                self.pause();
            }
        }
        if self.run == Run::Off && scene.talk.flow_to(scene.by) == Flow::Open {
            self.run = Run::On(now);
        }
        if self.open.len() == MAX_TIMED {
            self.open.pop_front();
        }
        self.open.push_back((block, now));
        self.last = Last::Asked;
    }

    fn comes(&mut self, now: Timestamp, block: Block) {
        if self.last == Last::Asked {
            self.depths[self.open.len().min(DEPTHS - 1)] += 1;
            self.peaks = self.peaks.saturating_add(1);
        }
        self.last = Last::Answered;
        let is_it = |it: &(Block, _)| (it.0.index, it.0.begin) == (block.index, block.begin);
        let Some(at) = self.open.iter().position(is_it) else {
            return;
        };
        if let Some((_, asked)) = self.open.remove(at) {
            self.latencies.add(now.since(asked));
        }
        if let Run::On(since) = self.run {
            self.sum.blocks = self.sum.blocks.saturating_add(1);
            self.sum.bytes = self.sum.bytes.saturating_add(i64::from(block.length));
            if self.open.is_empty() {
                self.run = Run::Empty(since, now);
            }
        }
    }

    fn withdraw(&mut self, now: Timestamp, block: Block) {
        if let Some(at) = self.open.iter().position(|(open, _)| *open == block) {
            self.open.remove(at);
        }
        if self.open.is_empty() {
            self.stop(now);
        }
    }

    fn stop(&mut self, now: Timestamp) {
        match self.run {
            Run::On(since) => {
                self.sum.nanos += now.since(since).max(0);
                self.run = Run::Off;
            }
            _ => self.pause(),
        }
    }

    pub(super) fn end(&mut self, ending: &Ending<'_>, to: Side, out: &mut Raise<'_>) {
        self.high(to, out);
        self.bimodal(to, out);
        if self.run != Run::Blind && ending.hears(Side::A) && ending.hears(Side::B) {
            self.stop(ending.end());
            self.shallow(to, out);
            self.fixed(to, out);
            self.slow(to, out);
        }
    }

    fn shallow(&self, to: Side, out: &mut Raise<'_>) {
        let Sum {
            nanos,
            empty,
            pauses,
            blocks,
            ..
        } = self.sum;
        let is_measured =
            nanos >= SHALLOW_TIME && pauses >= SHALLOW_PAUSES && blocks >= SHALLOW_BLOCKS;
        if is_measured && empty > nanos / 100 * SHALLOW_PERCENT {
            let (empty, nanos) = (seconds(empty), seconds(nanos));
            out.say(
                Code::PipelineTooShallow,
                to,
                self.first,
                format_args!("had no request open for {empty:.1} of {nanos:.1} s of download, in {pauses} pauses between {blocks} blocks"),
            );
        }
    }

    fn fixed(&self, to: Side, out: &mut Raise<'_>) {
        let peaks = self.peaks;
        let depths = (0..DEPTHS - 1).map(|depth| (depth, self.depths[depth]));
        let Some((depth, times)) = depths.max_by_key(|(_, times)| *times) else {
            return;
        };
        if peaks >= FIXED_PEAKS
            && u64::from(times) * 100 >= u64::from(peaks) * u64::from(FIXED_PERCENT)
        {
            out.say(
                Code::PipelineFixed,
                to,
                self.first,
                format_args!("had {depth} requests open at {times} of the {peaks} times when it had asked and a block came"),
            );
        }
    }

    fn high(&self, to: Side, out: &mut Raise<'_>) {
        let (count, median) = (self.latencies.count(), self.latencies.percentile(50));
        if count >= RTT_BLOCKS && median.least > RTT_HIGH {
            let [least, most] = [median.least, median.most].map(seconds);
            out.say(
                Code::BlockRttHigh,
                !to,
                self.first,
                format_args!("half of {count} blocks took {least:.1} to {most:.1} s or more from request to last byte"),
            );
        }
    }

    fn bimodal(&self, to: Side, out: &mut Raise<'_>) {
        let count = self.latencies.count();
        let [median, most] = [50, 90].map(|percent| self.latencies.percentile(percent));
        let is_far = most.least > BIMODAL_TIMES * median.most && most.least > BIMODAL_LEAST;
        if count >= BIMODAL_BLOCKS && is_far {
            let [median, most] = [median.most, most.least].map(seconds);
            out.say(
                Code::BlockRttBimodal,
                !to,
                self.first,
                format_args!("half of {count} blocks took less than {median:.3} s, and one in ten more than {most:.3} s"),
            );
        }
    }

    fn slow(&self, to: Side, out: &mut Raise<'_>) {
        let Sum {
            nanos,
            empty,
            bytes,
            ..
        } = self.sum;
        let busy = nanos - empty;
        let rate = bytes.saturating_mul(10) / (busy / (SECOND / 10)).max(1);
        if busy >= SLOW_TIME && bytes > 0 && rate < SLOW_RATE {
            let (busy, rate) = (seconds(busy), rate as f64 / 1024.0);
            out.say(
                Code::UploadBurstThenIdle,
                !to,
                self.first,
                format_args!(
                    "sent {bytes} bytes in {busy:.1} s of being asked for more: {rate:.1} KiB/s"
                ),
            );
        }
    }
}

//! How much was asked for and cancelled in the minute before the last of it.

use crate::capture::Timestamp;

const SECONDS: usize = 60;

/// Counts of the last sixty seconds. Made with the first.
#[derive(Debug, Default)]
pub(super) struct Minute(Option<Box<Counts>>);

#[derive(Debug)]
struct Counts {
    slots: [Slot; SECONDS],
    last: u64,
}

/// One second.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    second: u64,
    asked: u32,
    cancelled: u32,
}

impl Minute {
    pub(super) fn ask(&mut self, now: Timestamp) {
        self.slot(now).asked += 1;
    }

    pub(super) fn cancel(&mut self, now: Timestamp) {
        self.slot(now).cancelled += 1;
    }

    /// Requests and cancels.
    pub(super) fn sums(&self) -> (u32, u32) {
        let Some(counts) = &self.0 else {
            return (0, 0);
        };
        let slots = counts.slots.iter();
        let late = slots.filter(|slot| slot.second + SECONDS as u64 > counts.last);
        late.fold((0, 0), |(asked, cancelled), slot| {
            (asked + slot.asked, cancelled + slot.cancelled)
        })
    }

    fn slot(&mut self, now: Timestamp) -> &mut Slot {
        let counts = self.0.get_or_insert_with(|| {
            Box::new(Counts {
                slots: [Slot::default(); SECONDS],
                last: 0,
            })
        });
        let second = now.parts().0;
        counts.last = counts.last.max(second);
        let slot = &mut counts.slots[second as usize % SECONDS];
        if slot.second != second {
            *slot = Slot {
                second,
                ..Slot::default()
            };
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_a_minute_back_does_not_count() {
        let mut minute = Minute::default();
        minute.ask(Timestamp::from_parts(1000, 0));
        minute.ask(Timestamp::from_parts(1001, 0));
        minute.cancel(Timestamp::from_parts(1060, 0));
        assert_eq!(minute.sums(), (1, 1));
    }
}

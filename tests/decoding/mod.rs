//! A capture, decoded as a whole.

use peerscope::capture::Reader;
use peerscope::pipeline::Pipeline;
use peerscope::store::Store;

pub(crate) fn decoded(reader: Reader) -> Store {
    let (mut pipeline, mut store, mut changes) =
        (Pipeline::new(reader), Store::default(), Vec::new());
    while !pipeline.step(&mut changes).is_done {}
    for change in changes {
        store.apply(change);
    }
    store
}

//! A capture, decoded as a whole.

use peerscope::capture::Reader;
use peerscope::pipeline::Pipeline;
use peerscope::store::Store;

pub(crate) fn decoded(reader: Reader) -> Store {
    decoded_by(Pipeline::new(reader))
}

/// For a pipeline that was told more than where the capture is.
pub(crate) fn decoded_by(mut pipeline: Pipeline) -> Store {
    let (mut store, mut changes) = (Store::default(), Vec::new());
    loop {
        let progress = pipeline.step(&mut changes);
        changes.drain(..).for_each(|change| store.apply(change));
        if progress.is_done {
            return store;
        }
    }
}

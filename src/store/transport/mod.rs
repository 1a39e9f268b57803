//! How well a connection's packets went: delays, loss, windows, and what was on its way, as of any of them.
//!
//! Nothing of this is kept while a capture is read. The packets of the one connection that somebody looks at are read
//! again ([`Tracing`]), measured one after the other ([`meter`]), and remembered as samples ([`Course`]).

mod course;
mod figures;
mod flight;
mod floor;
mod meter;
mod tracing;

pub use course::{Course, Span};
pub use figures::{Figures, RoundTrips};
pub use meter::Scale;
pub use tracing::Tracing;

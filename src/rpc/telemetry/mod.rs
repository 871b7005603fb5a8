//! What a client tells its program: events for its hooks, and reports for its log.
//!
//! May import `wire` and `error`.

mod call_record;
pub mod caller;
mod event;
mod mailbox;
mod reports;
mod stream_record;

pub use call_record::CallRecord;
pub use event::{Attempt, CallOutcome, Event, FinishedCall, How};
pub use mailbox::{Listening, Mailbox};
pub use reports::{Level, Report, Reports};
pub use stream_record::StreamRecord;

//! The streams that the watches of a transport share.
//!
//! `placement` chooses the stream of a watch, `shared_stream` is the task that runs a stream, and
//! the other modules are parts of that task.

mod answers;
mod checks;
mod creates;
mod group;
mod members;
mod number_map;
mod placement;
mod progress_requests;
mod shared_stream;

pub use placement::Multiplexer;

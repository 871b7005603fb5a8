//! The streams that the watches of a transport share.
//!
//! `placement` chooses the stream of a watch, `shared_stream` is the task that runs one, and the
//! others are its parts.

mod answers;
mod checks;
mod creates;
mod group;
mod members;
mod placement;
mod progress_requests;
mod shared_stream;

pub use placement::Multiplexer;

//! The hooks of a program: what they are told, and when.

pub(crate) mod dispatcher;
mod events;
pub(crate) mod hooks;
pub(crate) mod source;
pub(crate) mod told;

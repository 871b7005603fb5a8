//! An encoded request.

use bytes::Bytes;
use prost::Message;

use crate::rpc::wire::method::Method;
use crate::rpc::wire::{self, Frame};

#[derive(Clone)]
pub struct Request {
    pub method: &'static Method,
    /// The framed message, or the first messages of a stream.
    pub frame: Frame,
}

impl Request {
    pub fn new(method: &'static Method, message: &impl Message) -> Self {
        Self { method, frame: wire::frame(message).into() }
    }

    /// The same with another field of the message, which has the value `value`.
    pub fn with_value(
        method: &'static Method,
        message: &impl Message,
        field: u32,
        value: Bytes,
    ) -> Self {
        Self { method, frame: Frame::with_value(message, field, value) }
    }
}

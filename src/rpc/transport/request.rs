//! An encoded request.

use bytes::Bytes;
use prost::Message;

use crate::rpc::wire;
use crate::rpc::wire::method::Method;

#[derive(Clone)]
pub struct Request {
    pub method: &'static Method,
    /// The framed message, or the first messages of a stream.
    pub frame: Bytes,
}

impl Request {
    pub fn new(method: &'static Method, message: &impl Message) -> Self {
        Self { method, frame: wire::frame(message) }
    }
}

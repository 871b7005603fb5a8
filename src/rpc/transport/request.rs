//! Requests of the services that are sent as they are and answered once.

use bytes::Bytes;
use prost::Message;

use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::error::Error;
use crate::rpc::transport::{Deadline, Transport};
use crate::rpc::wire;
use crate::rpc::wire::method::Method;

/// A request that is ready to be sent.
pub struct Request {
    method: &'static Method,
    frame: Bytes,
}

impl Request {
    pub fn new(method: &'static Method, message: &impl Message) -> Self {
        Self { method, frame: wire::frame(message) }
    }
}

impl Transport {
    /// Sends a request to the member in use.
    pub async fn send<M: Message + Default>(
        &self,
        request: Request,
        deadline: Deadline,
    ) -> Result<M, Error> {
        self.call(request.method, request.frame, deadline).await
    }

    /// Sends a request to the member at `endpoint` and to no other; without one, to the member
    /// in use.
    pub async fn send_to<M: Message + Default>(
        &self,
        endpoint: Option<&Endpoint>,
        request: Request,
        deadline: Deadline,
    ) -> Result<M, Error> {
        match endpoint {
            Some(endpoint) => {
                self.call_member(endpoint, request.method, request.frame, deadline).await
            }
            None => self.send(request, deadline).await,
        }
    }
}

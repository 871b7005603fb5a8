//! The server's election service.

use std::sync::Arc;

use bytes::Bytes;

use crate::rpc::error::Error;
use crate::rpc::transport::resumable_stream::Resumable;
use crate::rpc::transport::{CallOptions, Request, Transport, conclude};
use crate::rpc::wire;
use crate::rpc::wire::messages::{
    HeaderOnly, LeaderKey, LeaderRequest, LeaderResponse, ProclaimRequest, ResignRequest,
};
use crate::rpc::wire::method;

pub async fn proclaim(
    transport: &Transport,
    leader: LeaderKey,
    value: Vec<u8>,
    options: CallOptions,
) -> Result<HeaderOnly, Error> {
    let request = ProclaimRequest { leader: Some(leader), value };
    transport.call(Request::new(&method::PROCLAIM, &request), options).await
}

pub async fn leader(
    transport: &Transport,
    name: Vec<u8>,
    options: CallOptions,
) -> Result<LeaderResponse, Error> {
    transport.call(Request::new(&method::LEADER, &LeaderRequest { name }), options).await
}

pub async fn resign(
    transport: &Transport,
    leader: LeaderKey,
    options: CallOptions,
) -> Result<HeaderOnly, Error> {
    let request = ResignRequest { leader: Some(leader) };
    transport.call(Request::new(&method::RESIGN, &request), options).await
}

/// Observes the leaders of an election, beginning with the current one; resumes when its stream
/// breaks. Of proclamations in quick succession some may be left out, but never the latest.
pub struct Observer {
    name: Vec<u8>,
    stream: Resumable,
    /// The key and the revision that were reported last: a new stream reports them again.
    last: Option<(Bytes, i64)>,
}

impl Observer {
    pub fn new(transport: Arc<Transport>, name: Vec<u8>) -> Self {
        Self { name, stream: Resumable::new(transport, &method::OBSERVE, true), last: None }
    }

    /// The next leader, or the next value of the same one. Cancellation safe.
    pub async fn next(&mut self) -> Result<LeaderResponse, Error> {
        loop {
            if self.stream.present().is_none() {
                let request = wire::frame(&LeaderRequest { name: self.name.clone() });
                self.stream.open(request).await?;
            }
            let Some(message) = self.stream.message().await? else { continue };
            let response: LeaderResponse =
                wire::decode(message).map_err(|failure| conclude(failure, &method::OBSERVE))?;
            self.stream.works(|| "an observer of an election resumes".into());
            let kv = response.kv.clone().unwrap_or_default();
            let told = Some((kv.key, kv.mod_revision));
            if self.last != told {
                self.last = told;
                return Ok(response);
            }
        }
    }
}

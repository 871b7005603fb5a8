//! Requests about keys and values.

use bytes::Bytes;
use etcd_client::proto::{
    PbCompactionRequest, PbDeleteRequest, PbPutRequest, PbRangeRequest, PbTxnOpRequest,
    PbTxnRequest,
};

use crate::rpc::error::Error;
use crate::rpc::keys::KeyRange;
use crate::rpc::transport::{Deadline, Transport};
use crate::rpc::wire;
use crate::rpc::wire::messages::{DeleteResponse, HeaderOnly, PutResponse, TxnResponse};
use crate::rpc::wire::method;
use crate::rpc::wire::range_reply::RangeReply;

/// Which key-value pairs of a range to return, and how.
#[derive(Clone, Debug, Default)]
pub struct RangeOptions {
    pub limit: i64,
    pub revision: i64,
    pub sort_order: i32,
    pub sort_target: i32,
    pub serializable: bool,
    pub keys_only: bool,
    pub count_only: bool,
    pub min_mod_revision: i64,
    pub max_mod_revision: i64,
    pub min_create_revision: i64,
    pub max_create_revision: i64,
}

pub fn range_request(keys: KeyRange, options: &RangeOptions) -> PbRangeRequest {
    PbRangeRequest {
        key: keys.key,
        range_end: keys.end,
        limit: options.limit,
        revision: options.revision,
        sort_order: options.sort_order,
        sort_target: options.sort_target,
        serializable: options.serializable,
        keys_only: options.keys_only,
        count_only: options.count_only,
        min_mod_revision: options.min_mod_revision,
        max_mod_revision: options.max_mod_revision,
        min_create_revision: options.min_create_revision,
        max_create_revision: options.max_create_revision,
    }
}

/// A request that is ready to be sent.
pub struct Prepared {
    method: &'static method::Method,
    frame: Bytes,
}

impl Prepared {
    pub fn range(request: &PbRangeRequest) -> Self {
        let method =
            if request.serializable { &method::SERIALIZABLE_RANGE } else { &method::RANGE };
        Self { method, frame: wire::frame(request) }
    }

    pub fn put(request: &PbPutRequest) -> Self {
        Self { method: &method::PUT, frame: wire::frame(request) }
    }

    pub fn delete(request: &PbDeleteRequest) -> Self {
        Self { method: &method::DELETE_RANGE, frame: wire::frame(request) }
    }

    pub fn txn(request: &PbTxnRequest) -> Self {
        let method = if only_reads(request) { &method::READ_TXN } else { &method::TXN };
        Self { method, frame: wire::frame(request) }
    }

    pub fn compact(revision: i64, physical: bool) -> Self {
        let request = PbCompactionRequest { revision, physical };
        Self { method: &method::COMPACT, frame: wire::frame(&request) }
    }
}

fn only_reads(txn: &PbTxnRequest) -> bool {
    txn.success.iter().chain(&txn.failure).all(|operation| match &operation.request {
        Some(PbTxnOpRequest::RequestRange(_)) | None => true,
        Some(PbTxnOpRequest::RequestTxn(nested)) => only_reads(nested),
        Some(_) => false,
    })
}

impl Transport {
    pub async fn range(
        &self,
        request: Prepared,
        deadline: Deadline,
        namespace: usize,
    ) -> Result<RangeReply, Error> {
        let message = self.unary(request.method, request.frame, deadline).await?;
        Ok(RangeReply::new(message, namespace))
    }

    pub async fn put(&self, request: Prepared, deadline: Deadline) -> Result<PutResponse, Error> {
        self.call(request.method, request.frame, deadline).await
    }

    pub async fn delete(
        &self,
        request: Prepared,
        deadline: Deadline,
    ) -> Result<DeleteResponse, Error> {
        self.call(request.method, request.frame, deadline).await
    }

    pub async fn txn(&self, request: Prepared, deadline: Deadline) -> Result<TxnResponse, Error> {
        self.call(request.method, request.frame, deadline).await
    }

    pub async fn compact(
        &self,
        request: Prepared,
        deadline: Deadline,
    ) -> Result<HeaderOnly, Error> {
        self.call(request.method, request.frame, deadline).await
    }
}

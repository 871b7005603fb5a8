//! Requests of the key-value service.

use bytes::Bytes;
use etcd_client::proto::{
    PbCompactionRequest, PbDeleteRequest, PbPutRequest, PbRangeRequest, PbTxnOpRequest,
    PbTxnRequest,
};

use crate::rpc::keys::KeyRange;
use crate::rpc::transport::Request;
use crate::rpc::wire::method;

/// The number of the field of `PutRequest`.
const VALUE_OF_PUT: u32 = 2;

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

pub fn range(request: &PbRangeRequest) -> Request {
    let method = if request.serializable { &method::SERIALIZABLE_RANGE } else { &method::RANGE };
    Request::new(method, request)
}

/// A put of `value`; that of `request` is empty.
pub fn put(request: &PbPutRequest, value: Bytes) -> Request {
    Request::with_value(&method::PUT, request, VALUE_OF_PUT, value)
}

pub fn delete(request: &PbDeleteRequest) -> Request {
    Request::new(&method::DELETE_RANGE, request)
}

pub fn txn(request: &PbTxnRequest) -> Request {
    let method = if only_reads(request) { &method::READ_TXN } else { &method::TXN };
    Request::new(method, request)
}

pub fn compact(revision: i64, physical: bool) -> Request {
    Request::new(&method::COMPACT, &PbCompactionRequest { revision, physical })
}

fn only_reads(txn: &PbTxnRequest) -> bool {
    txn.success.iter().chain(&txn.failure).all(|operation| match &operation.request {
        Some(PbTxnOpRequest::RequestRange(_)) | None => true,
        Some(PbTxnOpRequest::RequestTxn(nested)) => only_reads(nested),
        Some(_) => false,
    })
}

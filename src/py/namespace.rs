//! Namespaces: a prefix is added to the keys of requests and removed from those of responses.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use etcd_client::proto::{PbTxnOpRequest, PbTxnRequest, PbTxnRequestOp};

use crate::rpc::keys::KeyRange;
use crate::rpc::wire::messages::{
    DeleteResponse, KeyValue, OpResponse, PutResponse, RangeResponse, TxnResponse,
};

/// The prefix of a communicator; empty without a namespace.
#[derive(Clone)]
pub(crate) struct Inside(Arc<[u8]>);

impl Inside {
    pub(crate) fn new(prefix: &Arc<[u8]>) -> Self {
        Self(Arc::clone(prefix))
    }

    fn is_whole(&self) -> bool {
        self.0.is_empty()
    }

    fn enter(&self, key: &mut Vec<u8>, end: &mut Vec<u8>) {
        let keys = KeyRange { key: std::mem::take(key), end: std::mem::take(end) };
        KeyRange { key: *key, end: *end } = keys.below(&self.0);
    }

    /// The key with the prefix; the empty key stays empty, so that the server refuses it.
    pub(crate) fn enter_key(&self, key: Vec<u8>) -> Vec<u8> {
        KeyRange::one(key).below(&self.0).key
    }

    /// The transaction with the prefix added to all its keys.
    pub(crate) fn enter_txn<'a>(&self, txn: &'a PbTxnRequest) -> Cow<'a, PbTxnRequest> {
        let mut txn = Cow::Borrowed(txn);
        if !self.is_whole() {
            self.enter_parts(txn.to_mut());
        }
        txn
    }

    fn enter_parts(&self, txn: &mut PbTxnRequest) {
        for compare in &mut txn.compare {
            self.enter(&mut compare.key, &mut compare.range_end);
        }
        for operation in txn.success.iter_mut().chain(&mut txn.failure) {
            self.enter_operation(operation);
        }
    }

    fn enter_operation(&self, operation: &mut PbTxnRequestOp) {
        match &mut operation.request {
            Some(PbTxnOpRequest::RequestRange(range)) => {
                self.enter(&mut range.key, &mut range.range_end);
            }
            Some(PbTxnOpRequest::RequestPut(put)) => {
                put.key = self.enter_key(std::mem::take(&mut put.key));
            }
            Some(PbTxnOpRequest::RequestDeleteRange(delete)) => {
                self.enter(&mut delete.key, &mut delete.range_end);
            }
            Some(PbTxnOpRequest::RequestTxn(nested)) => {
                self.enter_parts(nested);
            }
            None => {}
        }
    }

    pub(crate) fn strip_key(&self, key: &mut Bytes) {
        if !self.is_whole() && key.starts_with(&self.0) {
            *key = key.slice(self.0.len()..);
        }
    }

    /// Removes the prefix from keys, and drops keys without it.
    pub(crate) fn keep_own(&self, keys: &mut Vec<Bytes>) {
        if !self.is_whole() {
            keys.retain(|key| key.starts_with(&self.0));
            for key in keys {
                self.strip_key(key);
            }
        }
    }

    pub(crate) fn strip_all<'a>(&self, kvs: impl IntoIterator<Item = &'a mut KeyValue>) {
        if !self.is_whole() {
            for kv in kvs {
                self.strip_key(&mut kv.key);
            }
        }
    }

    pub(crate) fn strip_range(&self, response: &mut RangeResponse) {
        self.strip_all(&mut response.kvs);
    }

    pub(crate) fn strip_put(&self, response: &mut PutResponse) {
        self.strip_all(&mut response.prev_kv);
    }

    pub(crate) fn strip_delete(&self, response: &mut DeleteResponse) {
        self.strip_all(&mut response.prev_kvs);
    }

    pub(crate) fn strip_txn(&self, response: &mut TxnResponse) {
        if self.is_whole() {
            return;
        }
        for operation in &mut response.responses {
            match &mut operation.response {
                Some(OpResponse::Range(range)) => self.strip_range(range),
                Some(OpResponse::Put(put)) => self.strip_put(put),
                Some(OpResponse::Delete(delete)) => self.strip_delete(delete),
                Some(OpResponse::Txn(nested)) => self.strip_txn(nested),
                None => {}
            }
        }
    }
}

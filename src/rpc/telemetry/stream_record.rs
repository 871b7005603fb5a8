//! The record of a stream while it is open. Only clients with hooks keep one.

use std::sync::Arc;

use crate::rpc::error::{Error, Failure};
use crate::rpc::telemetry::call_record::CallRecord;

/// Tells of the stream when it is over. That the client closes it is how most streams end.
pub struct StreamRecord {
    record: Arc<CallRecord>,
    received: usize,
    has_failed: bool,
}

impl StreamRecord {
    pub fn new(record: Arc<CallRecord>) -> Self {
        Self { record, received: 0, has_failed: false }
    }

    pub fn received(&mut self, size: usize) {
        self.received += size;
    }

    pub fn failed(&mut self, failure: &Failure) {
        self.record.ended(Err(&Error::from(failure)));
        self.has_failed = true;
    }
}

impl Drop for StreamRecord {
    fn drop(&mut self) {
        if !self.has_failed {
            self.record.ended(Ok(self.received));
        }
    }
}

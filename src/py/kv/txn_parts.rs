//! The parts of transactions, from which the Python side builds other transactions.

use documented::documented;
use etcd_client::proto::{PbRangeRequest, PbTxnOpRequest};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::py::kv::txn::{Compare, Txn, TxnOp};

type Parts = (Vec<Compare>, Vec<TxnOp>, Vec<TxnOp>);

#[documented]
#[pymethods]
impl Txn {
    fn _parts(&self) -> Parts {
        let operations = |operations: &[_]| operations.iter().cloned().map(TxnOp).collect();
        let conditions = self.0.compare.iter().cloned().map(Compare).collect();
        (conditions, operations(&self.0.success), operations(&self.0.failure))
    }
}

#[documented]
#[pymethods]
impl TxnOp {
    fn _parts<'py>(
        &self,
        py: Python<'py>,
    ) -> (&'static str, Bound<'py, PyBytes>, Bound<'py, PyBytes>) {
        let (kind, key, end) = match &self.0.request {
            Some(PbTxnOpRequest::RequestRange(range)) => ("get", &*range.key, &*range.range_end),
            Some(PbTxnOpRequest::RequestPut(put)) => ("put", &*put.key, &[][..]),
            Some(PbTxnOpRequest::RequestDeleteRange(delete)) => {
                ("delete", &*delete.key, &*delete.range_end)
            }
            Some(PbTxnOpRequest::RequestTxn(_)) | None => ("txn", &[][..], &[][..]),
        };
        (kind, PyBytes::new(py, key), PyBytes::new(py, end))
    }

    fn _read_at(&self, revision: i64) -> Option<Self> {
        let read = match self.0.request.clone()? {
            PbTxnOpRequest::RequestRange(range) if range.revision > 0 => range,
            PbTxnOpRequest::RequestRange(range) => PbRangeRequest { revision, ..range },
            PbTxnOpRequest::RequestPut(put) if put.prev_kv => {
                PbRangeRequest { key: put.key, revision, ..PbRangeRequest::default() }
            }
            PbTxnOpRequest::RequestDeleteRange(delete) => PbRangeRequest {
                key: delete.key,
                range_end: delete.range_end,
                count_only: !delete.prev_kv,
                revision,
                ..PbRangeRequest::default()
            },
            PbTxnOpRequest::RequestPut(_) | PbTxnOpRequest::RequestTxn(_) => return None,
        };
        Some(Self::make(PbTxnOpRequest::RequestRange(read)))
    }
}

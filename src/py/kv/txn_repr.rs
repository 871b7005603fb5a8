//! The `repr` of conditions, operations and transactions: the Python code that makes them.

use std::fmt::Display;

use etcd_client::proto::{
    PbCompare, PbDeleteRequest, PbPutRequest, PbRangeRequest, PbTargetUnion, PbTxnOpRequest,
    PbTxnRequest, PbTxnRequestOp,
};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::bridge::{call, import};

const OPERATORS: [&str; 4] = ["==", ">", "<", "!="];

fn bytes(py: Python<'_>, value: &[u8]) -> PyResult<String> {
    Ok(PyBytes::new(py, value).repr()?.to_string())
}

/// The text of a call with the arguments that differ from the default.
struct CallText<'py> {
    py: Python<'py>,
    name: &'static str,
    arguments: Vec<String>,
}

impl<'py> CallText<'py> {
    fn new(py: Python<'py>, name: &'static str) -> Self {
        Self { py, name, arguments: Vec::new() }
    }

    fn key(mut self, key: &[u8], range_end: &[u8]) -> PyResult<Self> {
        self.arguments.push(bytes(self.py, key)?);
        if !range_end.is_empty() {
            self.arguments.push(format!("range_end={}", bytes(self.py, range_end)?));
        }
        Ok(self)
    }

    fn number<T: Display + Default + PartialEq>(mut self, name: &str, value: T) -> Self {
        if value != T::default() {
            self.arguments.push(format!("{name}={value}"));
        }
        self
    }

    fn flag(mut self, name: &str, value: bool) -> Self {
        if value {
            self.arguments.push(format!("{name}=True"));
        }
        self
    }

    fn member(mut self, name: &str, class: &str, value: i32) -> PyResult<Self> {
        if value != 0 {
            let class = import(self.py, "etcd_client.enums")?.getattr(class)?;
            let member = call(&class, (value,), None)?.repr()?;
            self.arguments.push(format!("{name}={member}"));
        }
        Ok(self)
    }

    fn text(self) -> String {
        format!("{}({})", self.name, self.arguments.join(", "))
    }
}

pub(crate) fn compare(py: Python<'_>, compare: &PbCompare) -> PyResult<String> {
    let key = bytes(py, &compare.key)?;
    let range = match compare.range_end.as_slice() {
        b"" => String::new(),
        end => format!(".with_range({})", bytes(py, end)?),
    };
    let (field, operand) = match &compare.target_union {
        Some(PbTargetUnion::Value(value)) => ("value", bytes(py, value)?),
        Some(PbTargetUnion::Version(version)) => ("version", version.to_string()),
        Some(PbTargetUnion::CreateRevision(revision)) => ("create_revision", revision.to_string()),
        Some(PbTargetUnion::ModRevision(revision)) => ("mod_revision", revision.to_string()),
        Some(PbTargetUnion::Lease(lease)) => ("lease", lease.to_string()),
        None => ("value", "None".to_owned()),
    };
    let operator = usize::try_from(compare.result).ok().and_then(|index| OPERATORS.get(index));
    Ok(format!("Key({key}){range}.{field} {} {operand}", operator.unwrap_or(&"?")))
}

fn get(py: Python<'_>, range: &PbRangeRequest) -> PyResult<String> {
    Ok(CallText::new(py, "TxnOp.get")
        .key(&range.key, &range.range_end)?
        .number("limit", range.limit)
        .number("revision", range.revision)
        .member("sort_order", "SortOrder", range.sort_order)?
        .member("sort_target", "SortTarget", range.sort_target)?
        .flag("serializable", range.serializable)
        .flag("keys_only", range.keys_only)
        .flag("count_only", range.count_only)
        .number("min_mod_revision", range.min_mod_revision)
        .number("max_mod_revision", range.max_mod_revision)
        .number("min_create_revision", range.min_create_revision)
        .number("max_create_revision", range.max_create_revision)
        .text())
}

fn put(py: Python<'_>, put: &PbPutRequest) -> PyResult<String> {
    let mut call = CallText::new(py, "TxnOp.put").key(&put.key, b"")?;
    call.arguments.push(bytes(py, &put.value)?);
    Ok(call
        .number("lease", put.lease)
        .flag("prev_kv", put.prev_kv)
        .flag("ignore_value", put.ignore_value)
        .flag("ignore_lease", put.ignore_lease)
        .text())
}

fn delete(py: Python<'_>, delete: &PbDeleteRequest) -> PyResult<String> {
    let call = CallText::new(py, "TxnOp.delete").key(&delete.key, &delete.range_end)?;
    Ok(call.flag("prev_kv", delete.prev_kv).text())
}

pub(crate) fn operation(py: Python<'_>, operation: &PbTxnRequestOp) -> PyResult<String> {
    match &operation.request {
        Some(PbTxnOpRequest::RequestRange(range)) => get(py, range),
        Some(PbTxnOpRequest::RequestPut(request)) => put(py, request),
        Some(PbTxnOpRequest::RequestDeleteRange(request)) => delete(py, request),
        Some(PbTxnOpRequest::RequestTxn(nested)) => Ok(format!("TxnOp.txn({})", txn(py, nested)?)),
        None => Ok("TxnOp()".to_owned()),
    }
}

pub(crate) fn txn(py: Python<'_>, txn: &PbTxnRequest) -> PyResult<String> {
    let compares = each(&txn.compare, |item| compare(py, item))?;
    let success = each(&txn.success, |item| operation(py, item))?;
    let failure = each(&txn.failure, |item| operation(py, item))?;
    let steps = [("when", compares), ("and_then", success), ("or_else", failure)];
    let given = steps.iter().filter(|(_, items)| !items.is_empty());
    let calls = given.map(|(name, items)| format!(".{name}([{}])", items.join(", ")));
    Ok(std::iter::once("Txn()".to_owned()).chain(calls).collect())
}

fn each<T>(items: &[T], text: impl Fn(&T) -> PyResult<String>) -> PyResult<Vec<String>> {
    items.iter().map(text).collect()
}

//! The options of reads and writes, for direct calls and for transactions.

use documented::documented;
use etcd_client::proto::{PbDeleteRequest, PbPutRequest};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::py::support::args::{Keywords, bytes, integer, wrong_value};
use crate::rpc::keys::KeyRange;
use crate::rpc::kv::RangeOptions;

/// Filters of the keys of a range by their revisions.
fn read_filters(keywords: &mut Keywords<'_, '_>, options: &mut RangeOptions) -> PyResult<()> {
    options.revision = keywords.count("revision")?;
    options.serializable = keywords.flag("serializable")?;
    options.min_mod_revision = keywords.count("min_mod_revision")?;
    options.max_mod_revision = keywords.count("max_mod_revision")?;
    options.min_create_revision = keywords.count("min_create_revision")?;
    options.max_create_revision = keywords.count("max_create_revision")?;
    Ok(())
}

/// The options of a read of one key.
pub(crate) fn read_get(keywords: &mut Keywords<'_, '_>) -> PyResult<RangeOptions> {
    let mut options = RangeOptions::default();
    read_filters(keywords, &mut options)?;
    Ok(options)
}

/// The options of a read that returns many keys.
pub(crate) fn read_list(keywords: &mut Keywords<'_, '_>) -> PyResult<RangeOptions> {
    let mut options = read_get(keywords)?;
    options.limit = keywords.count("limit")?;
    options.sort_order = keywords.choice("sort_order", "SortOrder")?;
    options.sort_target = keywords.choice("sort_target", "SortTarget")?;
    Ok(options)
}

/// All options of a range request.
pub(crate) fn read_range(keywords: &mut Keywords<'_, '_>) -> PyResult<RangeOptions> {
    let mut options = read_list(keywords)?;
    options.keys_only = keywords.flag("keys_only")?;
    options.count_only = keywords.flag("count_only")?;
    Ok(options)
}

/// The keys that `range_end`, `prefix` and `from_key` select.
pub(crate) fn read_keys(
    py: Python<'_>,
    keywords: &mut Keywords<'_, '_>,
    key: Vec<u8>,
) -> PyResult<KeyRange> {
    let range_end = keywords.read("range_end", bytes)?;
    let (prefix, from_key) = (keywords.flag("prefix")?, keywords.flag("from_key")?);
    choose_keys(py, key, range_end, prefix, from_key)
}

/// The single key, or the range that begins with it.
pub(crate) fn choose_keys(
    py: Python<'_>,
    key: Vec<u8>,
    range_end: Option<Vec<u8>>,
    prefix: bool,
    from_key: bool,
) -> PyResult<KeyRange> {
    match (range_end, prefix, from_key) {
        (None, false, false) => Ok(KeyRange::one(key)),
        (Some(end), false, false) => between(py, key, end),
        (None, true, false) => Ok(KeyRange::prefix(key)),
        (None, false, true) => Ok(KeyRange::from(key)),
        _ => {
            let expected = "only one of range_end, prefix and from_key";
            Err(wrong_value(py, "range_end", expected, "several"))
        }
    }
}

/// A range with an end; an empty end would mean a single key for the server.
pub(crate) fn between(py: Python<'_>, key: Vec<u8>, end: Vec<u8>) -> PyResult<KeyRange> {
    if end.is_empty() {
        return Err(wrong_value(py, "range_end", "a key after which the range ends", "b''"));
    }
    Ok(KeyRange::between(key, end))
}

#[documented]
#[pyfunction]
pub(crate) fn prefix_range<'py>(
    py: Python<'py>,
    prefix: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
    let keys = KeyRange::prefix(bytes(prefix, "prefix")?);
    Ok((PyBytes::new(py, &keys.key), PyBytes::new(py, &keys.end)))
}

pub(crate) fn read_put(
    keywords: &mut Keywords<'_, '_>,
    key: Vec<u8>,
    value: Vec<u8>,
) -> PyResult<PbPutRequest> {
    Ok(PbPutRequest {
        key,
        value,
        lease: keywords.read("lease", lease_id)?.unwrap_or(0),
        prev_kv: keywords.flag("prev_kv")?,
        ignore_value: keywords.flag("ignore_value")?,
        ignore_lease: keywords.flag("ignore_lease")?,
    })
}

/// The id of a lease, given as a number or as an object with an `id`.
pub(crate) fn lease_id(value: &Bound<'_, PyAny>, name: &str) -> PyResult<i64> {
    match value.getattr_opt(pyo3::intern!(value.py(), "id"))? {
        Some(id) => integer(&id, name),
        None => integer(value, name),
    }
}

pub(crate) fn read_delete(
    keywords: &mut Keywords<'_, '_>,
    keys: KeyRange,
) -> PyResult<PbDeleteRequest> {
    let prev_kv = keywords.flag("prev_kv")?;
    Ok(PbDeleteRequest { key: keys.key, range_end: keys.end, prev_kv })
}

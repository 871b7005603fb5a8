//! Reading the arguments of a watch.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyString};

use crate::py::errors;
use crate::py::kv::options::between;
use crate::py::support::args::{self, Keywords};
use crate::rpc::keys::KeyRange;

/// The options that are not sent to the server.
pub(crate) struct Extras<'a, 'py> {
    pub(crate) once: bool,
    pub(crate) ready_event: Option<&'a Bound<'py, PyAny>>,
    pub(crate) cleanup_event: Option<&'a Bound<'py, PyAny>>,
}

impl<'a, 'py> Extras<'a, 'py> {
    pub(crate) fn read(
        once: Option<&Bound<'py, PyAny>>,
        ready_event: Option<&'a Bound<'py, PyAny>>,
        cleanup_event: Option<&'a Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        let once = once.map(|once| args::boolean(once, "once")).transpose()?.unwrap_or(false);
        ready_event.map(|event| check_event(event, "ready_event")).transpose()?;
        cleanup_event.map(|event| check_event(event, "cleanup_event")).transpose()?;
        Ok(Self { once, ready_event, cleanup_event })
    }
}

/// The keys, prefixes and ranges of `watch_many`.
pub(crate) fn read_ranges(
    py: Python<'_>,
    keywords: &mut Keywords<'_, '_>,
) -> PyResult<Vec<KeyRange>> {
    let mut ranges = Vec::new();
    for key in keywords.read("keys", items)?.unwrap_or_default() {
        ranges.push(KeyRange::one(args::bytes(&key, "keys")?));
    }
    for prefix in keywords.read("prefixes", items)?.unwrap_or_default() {
        ranges.push(KeyRange::prefix(args::bytes(&prefix, "prefixes")?));
    }
    for range in keywords.read("ranges", items)?.unwrap_or_default() {
        let (key, range_end): (Bound<'_, PyAny>, Bound<'_, PyAny>) = range
            .extract()
            .map_err(|_| args::wrong_type("ranges", "pairs of key and range_end", &range))?;
        let (key, range_end) = (args::bytes(&key, "ranges")?, args::bytes(&range_end, "ranges")?);
        ranges.push(between(py, key, range_end)?);
    }
    if ranges.is_empty() {
        let message = "keys, prefixes, ranges: expected at least one to watch, got none";
        return Err(errors::invalid_argument(py, message));
    }
    Ok(ranges)
}

/// The items of a collection; not a single key, although that can be iterated over too.
fn items<'py>(value: &Bound<'py, PyAny>, name: &str) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let is_key = value.is_instance_of::<PyBytes>()
        || value.is_instance_of::<PyString>()
        || value.is_instance_of::<PyByteArray>();
    if is_key {
        return Err(args::wrong_type(name, "a list", value));
    }
    value.try_iter().map_err(|_| args::wrong_type(name, "a list", value))?.collect()
}

pub(crate) fn read_filters(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<i32>> {
    let mut filters = Vec::new();
    for filter in
        value.try_iter().map_err(|_| args::wrong_type(name, "a list of WatchFilterType", value))?
    {
        filters.push(args::member_of(&filter?, "WatchFilterType", name)?);
    }
    Ok(filters)
}

/// Refuses invalid event objects before the watch is opened.
fn check_event(event: &Bound<'_, PyAny>, name: &str) -> PyResult<()> {
    let py = event.py();
    if event.hasattr(intern!(py, "notify_waiters"))? || event.hasattr(intern!(py, "set"))? {
        return Ok(());
    }
    Err(args::wrong_type(name, "an asyncio.Event, a trio.Event or a CondVar", event))
}

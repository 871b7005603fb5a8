//! The watch calls of `Communicator`.

use documented::documented;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::py::communicator::Communicator;
use crate::py::kv::options::between;
use crate::py::support::args::{self, Keywords};
use crate::py::support::stream::moment::Moment;
use crate::py::watch::event_setter;
use crate::py::watch::iterator::Watch;
use crate::py::watch::options::{Extras, read_filters, read_ranges};
use crate::rpc::keys::{KeyRange, prefix_end};
use crate::rpc::watch::WatchSpec;

/// How many ranges a `repr` names.
const SHOWN: usize = 3;

/// What a watch is about, for its `repr`.
fn describe_ranges(py: Python<'_>, ranges: &[KeyRange]) -> PyResult<String> {
    let describe = |range: &KeyRange| {
        let (key, end) = (PyBytes::new(py, &range.key).repr()?, PyBytes::new(py, &range.end));
        Ok(if range.end.is_empty() {
            key.to_string()
        } else if range.end == prefix_end(&range.key) {
            format!("prefix {key}")
        } else {
            format!("{key} to {}", end.repr()?)
        })
    };
    let shown = ranges.iter().take(SHOWN).map(describe).collect::<PyResult<Vec<_>>>()?;
    Ok(match ranges.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    })
}

impl Communicator {
    fn watch_one(
        &self,
        py: Python<'_>,
        keys: KeyRange,
        mut keywords: Keywords<'_, '_>,
        extras: Extras<'_, '_>,
    ) -> PyResult<Py<Watch>> {
        let watch_id = keywords.count("watch_id")?;
        self.start_watch(py, vec![keys], watch_id, keywords, extras)
    }

    fn start_watch(
        &self,
        py: Python<'_>,
        ranges: Vec<KeyRange>,
        watch_id: i64,
        mut keywords: Keywords<'_, '_>,
        extras: Extras<'_, '_>,
    ) -> PyResult<Py<Watch>> {
        let subject = describe_ranges(py, &ranges)?;
        let spec = WatchSpec {
            ranges: ranges.into_iter().map(|keys| self.keys(keys)).collect(),
            start_revision: keywords.count("start_revision")?,
            prev_kv: keywords.flag("prev_kv")?,
            filters: keywords.read("filters", read_filters)?.unwrap_or_default(),
            progress_notify: keywords.flag("progress_notify")?,
            watch_id,
        };
        // Fragments are always requested, because they are reassembled.
        keywords.flag("fragment")?;
        // Without a timeout, waiting for the confirmation is as patient as resuming.
        let deadline = args::deadline(keywords.seconds("timeout")?);
        keywords.finish()?;
        let watch = Watch::open(py, self, spec, extras.once, deadline, subject)?;
        if let Some(event) = extras.ready_event {
            event_setter::set_at(&watch, event, Moment::Begun)?;
        }
        if let Some(event) = extras.cleanup_event {
            event_setter::set_at(&watch, event, Moment::Ended)?;
        }
        Ok(watch.unbind())
    }
}

#[documented]
#[pymethods]
impl Communicator {
    // 0.5.1 takes `once` and the events by position too.
    #[pyo3(signature = (key, once=None, ready_event=None, cleanup_event=None, **options))]
    fn watch(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        once: Option<&Bound<'_, PyAny>>,
        ready_event: Option<&Bound<'_, PyAny>>,
        cleanup_event: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<Watch>> {
        let keys = KeyRange::one(args::bytes(key, "key")?);
        let extras = Extras::read(once, ready_event, cleanup_event)?;
        self.watch_one(py, keys, Keywords::new("Communicator.watch", options), extras)
    }

    #[pyo3(signature = (key, once=None, ready_event=None, cleanup_event=None, **options))]
    fn watch_prefix(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        once: Option<&Bound<'_, PyAny>>,
        ready_event: Option<&Bound<'_, PyAny>>,
        cleanup_event: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<Watch>> {
        let keys = KeyRange::prefix(args::bytes(key, "key")?);
        let extras = Extras::read(once, ready_event, cleanup_event)?;
        self.watch_one(py, keys, Keywords::new("Communicator.watch_prefix", options), extras)
    }

    #[pyo3(signature = (key, range_end, once=None, ready_event=None, cleanup_event=None, **options))]
    #[allow(clippy::too_many_arguments)]
    fn watch_range(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        range_end: &Bound<'_, PyAny>,
        once: Option<&Bound<'_, PyAny>>,
        ready_event: Option<&Bound<'_, PyAny>>,
        cleanup_event: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<Watch>> {
        let keys = between(py, args::bytes(key, "key")?, args::bytes(range_end, "range_end")?)?;
        let extras = Extras::read(once, ready_event, cleanup_event)?;
        self.watch_one(py, keys, Keywords::new("Communicator.watch_range", options), extras)
    }

    #[pyo3(signature = (**options))]
    fn watch_many(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<Watch>> {
        let mut keywords = Keywords::new("Communicator.watch_many", options);
        let ranges = read_ranges(py, &mut keywords)?;
        let (once, ready_event, cleanup_event) =
            (keywords.get("once")?, keywords.get("ready_event")?, keywords.get("cleanup_event")?);
        let extras = Extras::read(once.as_ref(), ready_event.as_ref(), cleanup_event.as_ref())?;
        self.start_watch(py, ranges, 0, keywords, extras)
    }
}

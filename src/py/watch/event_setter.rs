//! Setting a program's event at a moment in the life of a watch.

use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;

use crate::bridge::{ForkGuarded, call, call_method};
use crate::py::support::stream::moment::{Course, Moment};
use crate::py::watch::iterator::Watch;

/// Sets an event of asyncio or trio, or a `CondVar`, at its moment.
#[pyclass(frozen, module = "etcd_client._etcd_client")]
struct EventSetter {
    event: Py<PyAny>,
    course: ForkGuarded<Arc<dyn Course>>,
    moment: Moment,
}

#[pymethods]
impl EventSetter {
    fn __call__(&self, py: Python<'_>, future: &Bound<'_, PyAny>) -> PyResult<()> {
        // Its error is raised to whoever reads the watch; asyncio must not log it as unretrieved.
        let _ = call_method(intern!(py, "exception"), [future]);
        if self.course.get().is_none_or(|course| !course.state().has_come_to(self.moment)) {
            return Ok(());
        }
        let event = self.event.bind(py);
        let set =
            if event.hasattr(intern!(py, "notify_waiters"))? { "notify_waiters" } else { "set" };
        call(&event.getattr(set)?, (), None).map(drop)
    }
}

/// Sets `event` when `watch` reaches `moment`.
pub(crate) fn set_at(
    watch: &Bound<'_, Watch>,
    event: &Bound<'_, PyAny>,
    moment: Moment,
) -> PyResult<()> {
    let py = watch.py();
    let stream = watch.as_super().get();
    let course = ForkGuarded::new(stream.course(py)?);
    let setter = EventSetter { event: event.clone().unbind(), course, moment };
    stream.until(py, moment)?.when_done(py, Py::new(py, setter)?.into_any())
}

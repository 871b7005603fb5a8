//! Events as Python objects: the name of the hook, and its arguments.

use std::time::{Duration, SystemTime};

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::py::errors;
use crate::rpc::telemetry::{Attempt, CallOutcome, Event, FinishedCall, How};

type Told<'py> = (&'static str, Bound<'py, PyTuple>);

pub(crate) fn to_python(py: Python<'_>, event: Event) -> PyResult<Told<'_>> {
    let told = match event {
        Event::CallEnded(call) => ("call_ended", call_ended(py, *call)?),
        Event::CallerLeft(caller) => ("caller_left", (caller,).into_pyobject(py)?),
        Event::Connected { endpoint, again } => ("connected", (endpoint, again).into_pyobject(py)?),
        Event::ConnectFailed { endpoint, why } => {
            ("connect_failed", (endpoint, why).into_pyobject(py)?)
        }
        Event::Disconnected { endpoint, why, expected } => {
            ("disconnected", (endpoint, why, expected).into_pyobject(py)?)
        }
        Event::CallsMoved { from, to, why } => ("calls_moved", (from, to, why).into_pyobject(py)?),
        Event::StreamResumed { what, why } => ("stream_resumed", (what, why).into_pyobject(py)?),
        Event::WatchRead { revision, events, lag } => {
            ("watch_read", (revision, events, lag.as_secs_f64()).into_pyobject(py)?)
        }
        Event::LeaseRenewed { lease, margin, ttl } => {
            let (margin, ttl) = (margin.as_secs_f64(), ttl.as_secs_f64());
            ("lease_renewed", (lease, margin, ttl).into_pyobject(py)?)
        }
        Event::LeaseLost { lease, why } => ("lease_lost", (lease, why).into_pyobject(py)?),
    };
    Ok(told)
}

fn call_ended(py: Python<'_>, call: FinishedCall) -> PyResult<Bound<'_, PyTuple>> {
    let (service, name) = call.method.service_and_name();
    let (response_bytes, error, cancelled) = match call.outcome {
        CallOutcome::Answered(size) => (Some(size), None, false),
        CallOutcome::Failed(error) => {
            (None, Some(errors::exception(py, error).into_value(py)), false)
        }
        CallOutcome::Cancelled => (None, None, true),
    };
    let attempts = call.attempts.into_iter().map(|attempt| attempt_ended(py, attempt));
    let attempts = attempts.collect::<PyResult<Vec<_>>>()?;
    (
        (service, name),
        nanoseconds(call.started.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()),
        call.took.as_secs_f64(),
        (error, cancelled),
        PyTuple::new(py, attempts)?,
        (call.request_bytes, response_bytes),
        (call.caller, call.is_stream),
    )
        .into_pyobject(py)
}

fn attempt_ended(py: Python<'_>, attempt: Attempt) -> PyResult<Bound<'_, PyTuple>> {
    let (answered, failure) = match attempt.how {
        How::Answered => (true, None),
        How::Failed(why) => (false, Some(why)),
        How::Abandoned => (false, None),
    };
    let (after, took) = (attempt.after.as_secs_f64(), attempt.took.as_secs_f64());
    (attempt.endpoint, after, took, answered, failure).into_pyobject(py)
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

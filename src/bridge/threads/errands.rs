//! Running what no call waits for, where there is no event loop: on a thread that ends with it.

use std::thread;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict};

use crate::bridge::completion::Errand;
use crate::bridge::fork::PerProcess;
use crate::bridge::mutex::Mutex;
use crate::bridge::python_code::{self, call_method};

#[derive(Default)]
struct Errands {
    waiting: Vec<Errand>,
    /// Whether there is a thread that runs them.
    running: bool,
}

static ERRANDS: PerProcess<Mutex<Errands>> = PerProcess::new();

/// Runs `errand` soon, after those that were sent before.
pub(crate) fn send(errand: Errand) {
    let is_first = ERRANDS.get().with(|errands| {
        errands.waiting.push(errand);
        !std::mem::replace(&mut errands.running, true)
    });
    if is_first {
        // The engine's thread never attaches to Python, and a thread that does is to be one that
        // Python knows: logging, for example, asks for the name of its thread.
        let started = thread::Builder::new().name("etcd-client-start".into()).spawn(|| {
            let started = Python::try_attach(start_thread);
            if !matches!(started, Some(Ok(()))) {
                stopped();
            }
        });
        if started.is_err() {
            stopped();
        }
    }
}

fn stopped() {
    ERRANDS.get().with(|errands| errands.running = false);
}

fn start_thread(py: Python<'_>) -> PyResult<()> {
    let run = PyCFunction::new_closure(py, None, None, |arguments, _| run(arguments.py()))?;
    let options = PyDict::new(py);
    options.set_item("target", run)?;
    options.set_item("name", "etcd-client-events")?;
    options.set_item("daemon", true)?;
    let thread = python_code::import(py, "threading")?.getattr("Thread")?;
    let thread = python_code::call(&thread, (), Some(&options))?;
    call_method(intern!(py, "start"), [&thread]).map(drop)
}

fn run(py: Python<'_>) {
    loop {
        let errands = ERRANDS.get().with(|errands| {
            errands.running = !errands.waiting.is_empty();
            std::mem::take(&mut errands.waiting)
        });
        if errands.is_empty() {
            return;
        }
        for errand in errands {
            errand(py);
        }
    }
}

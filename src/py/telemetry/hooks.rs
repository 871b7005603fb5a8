//! `ConnectOptions(hooks=...)`.

use std::hash::{Hash, Hasher};

use pyo3::prelude::*;

use crate::bridge::{call, import};

/// The object that a program gives. Options with the same object are equal.
pub(crate) struct Hooks(Py<PyAny>);

impl Hooks {
    /// Reads the argument; refuses what has no hook.
    pub(crate) fn read(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        let check = import(value.py(), "etcd_client.telemetry._dispatcher")?.getattr("check")?;
        call(&check, (value, name), None)?;
        Ok(Self(value.clone().unbind()))
    }

    pub(crate) fn object(&self) -> &Py<PyAny> {
        &self.0
    }

    /// A number that no other object has at the same time.
    pub(crate) fn number(&self) -> usize {
        self.0.as_ptr().addr()
    }
}

impl Clone for Hooks {
    fn clone(&self) -> Self {
        Python::attach(|py| Self(self.0.clone_ref(py)))
    }
}

impl PartialEq for Hooks {
    fn eq(&self, other: &Self) -> bool {
        self.0.is(&other.0)
    }
}

impl Eq for Hooks {}

impl Hash for Hooks {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number().hash(state);
    }
}

//! Reading arguments; each error names the argument and what was expected.

use std::time::Duration;

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyMemoryView, PyString};
use pyo3::{PyClass, PyTypeInfo};
use tokio::time::Instant;

use crate::bridge::arguments::unexpected_keyword;
use crate::bridge::{call_method, import};
use crate::py::errors;
use crate::rpc::transport::Deadline;

/// The longest time that is accepted; with longer ones, arithmetic on instants could overflow.
const LONGEST: f64 = 1e9;

/// The error for a value of the wrong type.
pub(crate) fn wrong_type(name: &str, expected: &str, value: &Bound<'_, PyAny>) -> PyErr {
    let found = value.get_type().qualname().map_or_else(|_| "?".into(), |name| name.to_string());
    PyTypeError::new_err(format!("{name}: expected {expected}, got {found}"))
}

/// The error for a wrong value of the right type.
pub(crate) fn wrong_value(py: Python<'_>, name: &str, expected: &str, got: &str) -> PyErr {
    errors::invalid_argument(py, &format!("{name}: expected {expected}, got {got}"))
}

/// Bytes from any bytes-like object, or from a `str` as UTF-8.
pub(crate) fn bytes(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<u8>> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    if let Ok(text) = value.cast::<PyString>() {
        return match text.to_str() {
            Ok(text) => Ok(text.as_bytes().to_vec()),
            Err(_) => {
                Err(wrong_value(value.py(), name, "text that UTF-8 can encode", "surrogates"))
            }
        };
    }
    if let Ok(array) = value.cast::<PyByteArray>() {
        return Ok(array.to_vec());
    }
    if let Ok(buffer) = PyBuffer::<u8>::get(value) {
        return buffer.to_vec(value.py());
    }
    // Of any item type, as `bytes()` accepts it.
    match PyMemoryView::from(value) {
        Ok(view) => call_method(intern!(value.py(), "tobytes"), [&view])?.extract(),
        Err(_) => Err(wrong_type(name, "a bytes-like object or str", value)),
    }
}

/// A 64-bit integer; not a bool, which is probably a mistake.
pub(crate) fn integer(value: &Bound<'_, PyAny>, name: &str) -> PyResult<i64> {
    if value.is_instance_of::<PyBool>() {
        return Err(wrong_type(name, "int", value));
    }
    value.extract().map_err(|error: PyErr| {
        if error.is_instance_of::<PyOverflowError>(value.py()) {
            wrong_value(value.py(), name, "an int of 64 bits", &value.to_string())
        } else {
            wrong_type(name, "int", value)
        }
    })
}

/// An integer that counts something.
pub(crate) fn count(value: &Bound<'_, PyAny>, name: &str) -> PyResult<i64> {
    let number = integer(value, name)?;
    if number < 0 {
        return Err(wrong_value(value.py(), name, "an int of at least 0", &number.to_string()));
    }
    Ok(number)
}

/// An integer that something is limited to.
pub(crate) fn positive(value: &Bound<'_, PyAny>, name: &str) -> PyResult<i64> {
    let number = integer(value, name)?;
    if number < 1 {
        return Err(wrong_value(value.py(), name, "an int of at least 1", &number.to_string()));
    }
    Ok(number)
}

/// The id of a member or a lease, which etcd prints unsigned.
pub(crate) fn member_id(value: &Bound<'_, PyAny>, name: &str) -> PyResult<u64> {
    if value.is_instance_of::<PyBool>() || !value.is_instance_of::<PyInt>() {
        return Err(wrong_type(name, "int", value));
    }
    value.extract().map_err(|_| {
        wrong_value(value.py(), name, "an unsigned int of 64 bits", &value.to_string())
    })
}

pub(crate) fn boolean(value: &Bound<'_, PyAny>, name: &str) -> PyResult<bool> {
    match value.cast::<PyBool>() {
        Ok(flag) => Ok(flag.is_true()),
        Err(_) => Err(wrong_type(name, "bool", value)),
    }
}

/// A flag that need not be given.
pub(crate) fn flag(value: Option<&Bound<'_, PyAny>>, name: &str, default: bool) -> PyResult<bool> {
    value.map_or(Ok(default), |value| boolean(value, name))
}

/// An object of a native class, which is called `class`.
pub(crate) fn instance<'a, 'py, T: PyTypeInfo>(
    value: &'a Bound<'py, PyAny>,
    name: &str,
    class: &str,
) -> PyResult<&'a Bound<'py, T>> {
    value.cast::<T>().map_err(|_| wrong_type(name, class, value))
}

/// A list of objects of a native class, which is called `class`.
pub(crate) fn instances<T: PyTypeInfo + PyClass + Clone>(
    value: &Bound<'_, PyAny>,
    name: &str,
    class: &str,
) -> PyResult<Vec<T>> {
    let expected = format!("a list of {class}");
    let items = value.try_iter().map_err(|_| wrong_type(name, &expected, value))?;
    let read = |item: PyResult<Bound<'_, PyAny>>| {
        let item = item?;
        let item = item.cast::<T>().map_err(|_| wrong_type(name, &expected, &item))?;
        Ok(item.borrow().clone())
    };
    items.map(read).collect()
}

pub(crate) fn text(value: &Bound<'_, PyAny>, name: &str) -> PyResult<String> {
    let Ok(text) = value.cast::<PyString>() else { return Err(wrong_type(name, "str", value)) };
    match text.to_str() {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(wrong_value(value.py(), name, "text that UTF-8 can encode", "surrogates")),
    }
}

/// A list of strings; not a single string, which would be taken for a list of its characters.
pub(crate) fn read_strings(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<String>> {
    const EXPECTED: &str = "a list of str";
    if value.is_instance_of::<PyString>() {
        return Err(wrong_type(name, EXPECTED, value));
    }
    let items = value.try_iter().map_err(|_| wrong_type(name, EXPECTED, value))?;
    items.map(|item| text(&item?, name)).collect()
}

/// The argument `timeout` of a call.
pub(crate) type Timeout<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

/// A number of seconds above 0.
pub(crate) fn seconds(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Duration> {
    let is_number = value.is_instance_of::<PyFloat>() || value.is_instance_of::<PyInt>();
    if !is_number || value.is_instance_of::<PyBool>() {
        return Err(wrong_type(name, "a number of seconds", value));
    }
    let seconds: f64 = value.extract().unwrap_or(f64::INFINITY);
    if seconds > 0.0 && seconds <= LONGEST {
        return Ok(Duration::from_secs_f64(seconds));
    }
    Err(wrong_value(value.py(), name, "a number of seconds above 0", &value.to_string()))
}

/// The wire value of an enum member.
pub(crate) fn member_of(value: &Bound<'_, PyAny>, class: &str, name: &str) -> PyResult<i32> {
    let py = value.py();
    let class_object = import(py, "etcd_client.enums")?.getattr(class)?;
    if value.is_instance(&class_object)? {
        return value.getattr("value")?.extract();
    }
    Err(wrong_type(name, class, value))
}

/// The keyword-only arguments of a call. They are read by name; then `finish` refuses those that
/// were not read.
pub(crate) struct Keywords<'a, 'py> {
    function: &'static str,
    given: Option<&'a Bound<'py, PyDict>>,
    read: Vec<&'static str>,
}

impl<'a, 'py> Keywords<'a, 'py> {
    pub(crate) fn new(function: &'static str, given: Option<&'a Bound<'py, PyDict>>) -> Self {
        Self { function, given, read: Vec::new() }
    }

    /// The argument of that name; `None` if it is missing or None.
    pub(crate) fn get(&mut self, name: &'static str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(given) = self.given else { return Ok(None) };
        let Some(value) = given.get_item(name)? else { return Ok(None) };
        self.read.push(name);
        Ok((!value.is_none()).then_some(value))
    }

    pub(crate) fn read<T>(
        &mut self,
        name: &'static str,
        reader: impl FnOnce(&Bound<'py, PyAny>, &str) -> PyResult<T>,
    ) -> PyResult<Option<T>> {
        self.get(name)?.map(|value| reader(&value, name)).transpose()
    }

    pub(crate) fn flag(&mut self, name: &'static str) -> PyResult<bool> {
        Ok(self.read(name, boolean)?.unwrap_or(false))
    }

    pub(crate) fn count(&mut self, name: &'static str) -> PyResult<i64> {
        Ok(self.read(name, count)?.unwrap_or(0))
    }

    pub(crate) fn seconds(&mut self, name: &'static str) -> PyResult<Option<Duration>> {
        self.read(name, seconds)
    }

    pub(crate) fn choice(&mut self, name: &'static str, class: &str) -> PyResult<i32> {
        Ok(self.read(name, |value, name| member_of(value, class, name))?.unwrap_or(0))
    }

    /// Refuses arguments that were not read.
    pub(crate) fn finish(self) -> PyResult<()> {
        let Some(given) = self.given.filter(|given| given.len() != self.read.len()) else {
            return Ok(());
        };
        for name in given.keys() {
            let name: String = name.extract()?;
            if !self.read.contains(&name.as_str()) {
                return Err(unexpected_keyword(given.py(), self.function, &name));
            }
        }
        Ok(())
    }
}

/// The deadline of a call with this timeout.
pub(crate) fn deadline(timeout: Option<Duration>) -> Deadline {
    timeout.map(|timeout| Instant::now() + timeout)
}

//! `PyO3`, but for what a call with wrong arguments is told.
//!
//! `documented` passes this module to the macros of `PyO3` as the place where they find their
//! crate. They read the arguments of each call through `FunctionDescription`, of which they get the
//! one below. Nothing else is different, and a call with right arguments runs the same code.

pub(crate) use pyo3::*;

use pyo3::exceptions::PyTypeError;
use pyo3::impl_::extract_argument as pyo3_arguments;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::bridge::python_code::{call, call_method, import};

pub(crate) mod impl_ {
    pub(crate) use pyo3::impl_::*;

    pub(crate) mod extract_argument {
        pub(crate) use crate::bridge::arguments::FunctionDescription;
        pub(crate) use pyo3::impl_::extract_argument::*;
    }
}

const MODULE: &str = "etcd_client._etcd_client";

/// The parameters of a function, as `PyO3`'s macros write them down.
pub(crate) struct FunctionDescription(pyo3_arguments::FunctionDescription);

type Argument<'py> = Option<Borrowed<'py, 'py, PyAny>>;

impl FunctionDescription {
    pub(crate) const fn new(
        class: Option<&'static str>,
        function: &'static str,
        positional: &'static [&'static str],
        positional_only: usize,
        required: usize,
        keyword_only: &'static [pyo3_arguments::KeywordOnlyParameterDescription],
    ) -> Self {
        Self(pyo3_arguments::FunctionDescription::new(
            class,
            function,
            positional,
            positional_only,
            required,
            keyword_only,
        ))
    }

    /// Reads arguments that were passed side by side.
    ///
    /// # Safety
    /// Those of `PyO3`'s method of this name.
    #[inline]
    #[allow(unsafe_code)]
    pub(crate) unsafe fn extract_arguments_fastcall<'py, V, K>(
        &self,
        py: Python<'py>,
        args: *const *mut ffi::PyObject,
        nargs: ffi::Py_ssize_t,
        kwnames: *mut ffi::PyObject,
        output: &mut [Argument<'py>],
    ) -> PyResult<(V::Varargs, K::Varkeywords)>
    where
        V: pyo3_arguments::VarargsHandler<'py>,
        K: pyo3_arguments::VarkeywordsHandler<'py>,
    {
        // SAFETY: the caller promises what is required.
        let read =
            unsafe { self.0.extract_arguments_fastcall::<V, K>(py, args, nargs, kwnames, output) };
        read.map_err(|error| self.explain(py, error, nargs))
    }

    /// Reads arguments that were passed in a tuple and a dict.
    ///
    /// # Safety
    /// Those of `PyO3`'s method of this name.
    #[inline]
    #[allow(unsafe_code)]
    pub(crate) unsafe fn extract_arguments_tuple_dict<'py, V, K>(
        &self,
        py: Python<'py>,
        args: *mut ffi::PyObject,
        kwargs: *mut ffi::PyObject,
        output: &mut [Argument<'py>],
    ) -> PyResult<(V::Varargs, K::Varkeywords)>
    where
        V: pyo3_arguments::VarargsHandler<'py>,
        K: pyo3_arguments::VarkeywordsHandler<'py>,
    {
        // SAFETY: the caller promises what is required.
        let read = unsafe { self.0.extract_arguments_tuple_dict::<V, K>(py, args, kwargs, output) };
        // SAFETY: `args` is a tuple.
        read.map_err(|error| self.explain(py, error, unsafe { ffi::PyTuple_Size(args) }))
    }

    /// Says what the function takes where more positional arguments were given, or an unknown
    /// keyword.
    #[cold]
    fn explain(&self, py: Python<'_>, error: PyErr, given: ffi::Py_ssize_t) -> PyErr {
        let function = self.name();
        let given = usize::try_from(given).unwrap_or(0);
        if given > self.0.positional_parameter_names.len() {
            return self.too_many(py, &function, given);
        }
        let text = error.value(py).to_string();
        match text.split_once("() got an unexpected keyword argument '") {
            Some((_, name)) => unexpected_keyword(py, &function, name.trim_end_matches('\'')),
            None => error,
        }
    }

    /// Its name as it is called: `Communicator.get`, or `Client` for the constructor.
    fn name(&self) -> String {
        match (self.0.cls_name, self.0.func_name) {
            (Some(class), "__new__") => class.to_owned(),
            (Some(class), function) => format!("{class}.{function}"),
            (None, function) => function.to_owned(),
        }
    }

    fn too_many(&self, py: Python<'_>, function: &str, given: usize) -> PyErr {
        let names = self.0.positional_parameter_names;
        let (required, most) = (self.0.required_positional_parameters, names.len());
        let taken = match (required, most) {
            (_, 0) => "no positional arguments".to_owned(),
            (1, 1) => format!("1 positional argument ({})", names[0]),
            (from, to) if from == to => format!("{to} positional arguments ({})", names.join(", ")),
            (from, to) => format!("{from} to {to} positional arguments ({})", names.join(", ")),
        };
        let options = listed(py, function);
        PyTypeError::new_err(format!("{function}() takes {taken}, got {given}{options}"))
    }
}

/// The error for a keyword that a function of the module does not have: names the one that may have
/// been meant, as Python does for its own functions, or else those that there are.
#[cold]
pub(crate) fn unexpected_keyword(py: Python<'_>, function: &str, name: &str) -> PyErr {
    let meant = match closest(py, function, name) {
        Ok(Some(meant)) => format!(". Did you mean '{meant}'?"),
        Ok(None) | Err(_) => listed(py, function),
    };
    PyTypeError::new_err(format!("{function}() got an unexpected keyword argument '{name}'{meant}"))
}

/// The same for the first of some keywords that the function does not have.
#[cold]
pub(crate) fn unknown_keyword(
    py: Python<'_>,
    function: &str,
    given: Option<&Bound<'_, PyDict>>,
) -> Option<PyErr> {
    let known = parameters(py, function, |_| true).ok()?;
    let given: Vec<String> = given?.keys().extract().ok()?;
    let unknown = given.iter().find(|name| !known.contains(name))?;
    Some(unexpected_keyword(py, function, unknown))
}

/// The keyword-only arguments, for the end of a message.
fn listed(py: Python<'_>, function: &str) -> String {
    let options = parameters(py, function, |kind| kind == "KEYWORD_ONLY").unwrap_or_default();
    if options.is_empty() {
        return String::new();
    }
    format!("; keyword-only: {}=", options.join("=, "))
}

fn closest(py: Python<'_>, function: &str, name: &str) -> PyResult<Option<String>> {
    let known = parameters(py, function, |_| true)?;
    // `username` is `user`, rather than `server_name`.
    let is_part = |one: &&String| name.starts_with(one.as_str()) || one.starts_with(name);
    if let Some(part) = known.iter().filter(is_part).max_by_key(|one| one.len()) {
        return Ok(Some(part.clone()));
    }
    let matches = import(py, "difflib")?.getattr("get_close_matches")?;
    let matches = call(&matches, (name, known, 1, 0.7), None)?;
    Ok(matches.extract::<Vec<String>>()?.pop())
}

/// The names of the parameters, of certain kinds, that a function has by its signature.
fn parameters(
    py: Python<'_>,
    function: &str,
    wanted: impl Fn(&str) -> bool,
) -> PyResult<Vec<String>> {
    let mut object = import(py, MODULE)?.into_any();
    for name in function.split('.') {
        object = object.getattr(name)?;
    }
    let signature = import(py, "inspect")?.getattr("signature")?;
    let signature = call(&signature, (object,), None)?;
    let mut names = Vec::new();
    let parameters = signature.getattr("parameters")?;
    for parameter in call_method(intern!(py, "values"), [&parameters])?.try_iter()? {
        let parameter = parameter?;
        let kind = parameter.getattr("kind")?.getattr("name")?;
        if wanted(kind.cast::<PyString>()?.to_str()?) {
            names.push(parameter.getattr("name")?.extract()?);
        }
    }
    Ok(names)
}

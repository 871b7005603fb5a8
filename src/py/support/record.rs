//! Immutable value classes with typed attributes, `repr`, equality, hash and pickling.

/// Defines a frozen class with the given fields, which are also its constructor's arguments.
macro_rules! record {
    ($name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        #[::documented::documented]
        #[::pyo3::pyclass(frozen, get_all, module = "etcd_client")]
        pub(crate) struct $name {
            $(pub(crate) $field: $type,)*
        }

        #[::documented::documented]
        #[::pyo3::pymethods]
        impl $name {
            #[new]
            // As many as the message has.
            #[allow(clippy::too_many_arguments)]
            fn new($($field: $type),*) -> Self {
                Self { $($field),* }
            }

            #[classattr]
            fn __match_args__(
                py: ::pyo3::Python<'_>,
            ) -> ::pyo3::PyResult<::pyo3::Py<::pyo3::types::PyTuple>> {
                Ok(::pyo3::types::PyTuple::new(py, [$($crate::py::support::record::attribute(stringify!($field))),*])?.unbind())
            }

            fn __repr__(this: &::pyo3::Bound<'_, Self>) -> ::pyo3::PyResult<String> {
                $crate::py::support::record::describe(this.as_any(), &[$(stringify!($field)),*])
            }

            fn __eq__(
                this: &::pyo3::Bound<'_, Self>,
                other: &::pyo3::Bound<'_, ::pyo3::PyAny>,
            ) -> ::pyo3::PyResult<::pyo3::Py<::pyo3::PyAny>> {
                $crate::py::support::record::equal(this.as_any(), other, &[$(stringify!($field)),*])
            }

            fn __hash__(this: &::pyo3::Bound<'_, Self>) -> ::pyo3::PyResult<isize> {
                $crate::py::support::record::values(this.as_any(), &[$(stringify!($field)),*])?.as_any().hash()
            }

            fn __reduce__<'py>(
                this: &::pyo3::Bound<'py, Self>,
            ) -> ::pyo3::PyResult<(
                ::pyo3::Bound<'py, ::pyo3::types::PyType>,
                ::pyo3::Bound<'py, ::pyo3::types::PyTuple>,
            )> {
                let values = $crate::py::support::record::values(this.as_any(), &[$(stringify!($field)),*])?;
                Ok((this.as_any().get_type(), values))
            }
        }
    };
}

pub(crate) use record;

use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// The Python name of a field that is a keyword of Rust.
pub(crate) fn attribute(field: &'static str) -> &'static str {
    field.strip_prefix("r#").unwrap_or(field)
}

pub(crate) fn values<'py>(
    record: &Bound<'py, PyAny>,
    fields: &[&'static str],
) -> PyResult<Bound<'py, PyTuple>> {
    let values: Vec<_> =
        fields.iter().map(|field| record.getattr(attribute(field))).collect::<PyResult<_>>()?;
    PyTuple::new(record.py(), values)
}

pub(crate) fn describe(record: &Bound<'_, PyAny>, fields: &[&'static str]) -> PyResult<String> {
    let mut parts = Vec::with_capacity(fields.len());
    for field in fields {
        let field = attribute(field);
        parts.push(format!("{field}={}", record.getattr(field)?.repr()?));
    }
    Ok(format!("{}({})", record.get_type().name()?, parts.join(", ")))
}

pub(crate) fn equal(
    one: &Bound<'_, PyAny>,
    other: &Bound<'_, PyAny>,
    fields: &[&'static str],
) -> PyResult<Py<PyAny>> {
    let py = one.py();
    if !one.get_type().is(other.get_type()) {
        return Ok(py.NotImplemented());
    }
    let equal = values(one, fields)?.eq(values(other, fields)?)?;
    Ok(equal.into_pyobject(py)?.to_owned().into_any().unbind())
}

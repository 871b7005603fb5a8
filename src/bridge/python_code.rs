//! Calls of Python code, for which the thread may lose Python's lock and never get it back.
//!
//! When the interpreter ends, it ends the daemon threads as each next asks for its lock. Before
//! Python 3.14 it does so by `pthread_exit`, which on Linux unwinds the thread's stack. In Rust that
//! aborts the process, or drops Python objects without the lock. `PyO3` sees to it only where it
//! takes the lock itself. So calls of Python code go through here, as `clippy.toml` demands. Not all
//! of it can: a conversion may call a method of the program, and any new object the collector.

use std::hint::black_box;
use std::mem;
use std::thread;

use pyo3::ffi::PyObject;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyModule, PyString, PyTuple};
use pyo3::{BoundObject, PyTypeCheck, ffi};

/// Keeps a thread that is unwound where it is, for ever, as Python 3.14 does. Where nothing is
/// unwound, as in musl, such a thread ends, and this does nothing.
struct Stay;

impl Drop for Stay {
    fn drop(&mut self) {
        loop {
            thread::park();
        }
    }
}

/// Does a call that may unwind. `call` does nothing else: what it owned would be dropped first.
fn staying(call: impl FnOnce() -> *mut PyObject) -> *mut PyObject {
    let stay = Stay;
    let result = call();
    mem::forget(stay);
    result
}

/// The same function as one that may unwind, which `PyO3` does not declare it to be. The compiler
/// must not see through this: it would take for granted that the function does not unwind.
#[allow(unsafe_code)]
unsafe fn unwinding<From: Copy, To: Copy>(function: From) -> To {
    const { assert!(size_of::<From>() == size_of::<To>()) };
    // SAFETY: the caller says that `To` is `From` with the ABI "C-unwind" instead of "C".
    unsafe { mem::transmute_copy(&black_box(function)) }
}

type Call = unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> *mut PyObject;
type UnwindingCall =
    unsafe extern "C-unwind" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> *mut PyObject;
type Method = unsafe extern "C" fn(
    *mut PyObject,
    *const *mut PyObject,
    usize,
    *mut PyObject,
) -> *mut PyObject;
type UnwindingMethod = unsafe extern "C-unwind" fn(
    *mut PyObject,
    *const *mut PyObject,
    usize,
    *mut PyObject,
) -> *mut PyObject;
type Attribute = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;
type UnwindingAttribute =
    unsafe extern "C-unwind" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;
type Import = unsafe extern "C" fn(*mut PyObject) -> *mut PyObject;
type UnwindingImport = unsafe extern "C-unwind" fn(*mut PyObject) -> *mut PyObject;

/// Calls `function`.
#[allow(unsafe_code)]
pub(crate) fn call<'py, A>(
    function: &Bound<'py, PyAny>,
    arguments: A,
    keywords: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>>
where
    A: IntoPyObject<'py, Target = PyTuple>,
{
    let py = function.py();
    let arguments = arguments.into_pyobject(py).map_err(Into::into)?.into_bound();
    let keywords = keywords.map_or(std::ptr::null_mut(), Bound::as_ptr);
    let (function, arguments) = (function.as_ptr(), arguments.as_ptr());
    // SAFETY: the objects live, the second is a tuple, the third is a dictionary or null, and the
    // result is a new reference, or null with an exception set.
    unsafe {
        let call: UnwindingCall = unwinding(ffi::PyObject_Call as Call);
        let result = staying(|| call(function, arguments, keywords));
        Bound::from_owned_ptr_or_err(py, result)
    }
}

/// Calls the method `name` of the first object with the others.
#[allow(unsafe_code)]
pub(crate) fn call_method<'py, const N: usize>(
    name: &Bound<'py, PyString>,
    objects: [&Bound<'py, PyAny>; N],
) -> PyResult<Bound<'py, PyAny>> {
    const { assert!(N > 0) };
    let (py, name) = (name.py(), name.as_ptr());
    let objects = objects.map(Bound::as_ptr);
    let first = objects.as_ptr();
    let count = N | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET;
    // SAFETY: the objects live, of which there are N, and may be overwritten meanwhile, as the flag
    // says; the result is a new reference, or null with an exception set.
    unsafe {
        let method: UnwindingMethod = unwinding(ffi::PyObject_VectorcallMethod as Method);
        let result = staying(|| method(name, first, count, std::ptr::null_mut()));
        Bound::from_owned_ptr_or_err(py, result)
    }
}

/// An attribute that may be a property.
#[allow(unsafe_code)]
pub(crate) fn attribute<'py>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    let (py, object, name) = (object.py(), object.as_ptr(), name.as_ptr());
    // SAFETY: the objects live, and the result is a new reference, or null with an exception set.
    unsafe {
        let get: UnwindingAttribute = unwinding(ffi::PyObject_GetAttr as Attribute);
        let result = staying(|| get(object, name));
        Bound::from_owned_ptr_or_err(py, result)
    }
}

/// Imports a module, which runs its code if it is the first to do so.
#[allow(unsafe_code)]
pub(crate) fn import<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyModule>> {
    let text = PyString::new(py, name);
    let name = text.as_ptr();
    // SAFETY: `name` is a string that lives, and the result is a new reference, or null with an
    // exception set.
    unsafe {
        let import: UnwindingImport = unwinding(ffi::PyImport_Import as Import);
        let result = staying(|| import(name));
        Ok(Bound::from_owned_ptr_or_err(py, result)?.cast_into::<PyModule>()?)
    }
}

/// What a module has by that name, imported once.
pub(crate) fn imported<'a, 'py, T: PyTypeCheck>(
    cell: &'a PyOnceLock<Py<T>>,
    py: Python<'py>,
    module: &str,
    name: &str,
) -> PyResult<&'a Bound<'py, T>> {
    let found = cell.get_or_try_init(py, || {
        let found = import(py, module)?.getattr(name)?.cast_into::<T>()?;
        PyResult::Ok(found.unbind())
    })?;
    Ok(found.bind(py))
}

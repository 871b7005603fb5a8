//! `#[documented]`: the docstrings and signatures of native classes and functions, from their stub.
//!
//! `help()` and `inspect.signature()` read them from the C structures that the `pyo3` macros make,
//! so they have to be there when the module is compiled. The stub
//! `python/etcd_client/_etcd_client.pyi` is the one place where they are written.

mod item;
mod stub;

use std::path::PathBuf;
use std::sync::OnceLock;

use proc_macro::TokenStream;
use quote::ToTokens;

use crate::stub::Stub;

/// Below the folder of the crate that uses the attribute.
const STUB: &str = "python/etcd_client/_etcd_client.pyi";

/// Documents a `#[pyclass]`, the `#[pymethods]` of one or a `#[pyfunction]`; stands above these.
///
/// What the stub documents may have no doc comment: it would be a second version.
#[proc_macro_attribute]
pub fn documented(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    let described = syn::parse(item).and_then(|mut item| {
        item::describe(&mut item, stub()?)?;
        Ok(item.into_token_stream())
    });
    described.unwrap_or_else(|error| error.to_compile_error()).into()
}

/// The stub, which is read once for all items.
fn stub() -> syn::Result<&'static Stub> {
    static READ: OnceLock<Result<Stub, String>> = OnceLock::new();
    let read = READ.get_or_init(|| {
        let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
        let path = PathBuf::from(folder).join(STUB);
        let source = std::fs::read_to_string(&path);
        source.map(|source| Stub::read(&source)).map_err(|error| format!("{STUB}: {error}"))
    });
    read.as_ref().map_err(|error| syn::Error::new(proc_macro2::Span::call_site(), error))
}

//! Bytes objects that the engine sends from where they are, instead of a copy.

use bytes::Bytes;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use crate::bridge::messenger::Messenger;

struct Lent {
    /// `None` once it is given back.
    bytes: Option<PyBackedBytes>,
    owner: Messenger,
}

/// What is in `bytes`, for the engine. Only for exact bytes objects, which never change, and whose
/// end runs no code.
pub(crate) fn lend(bytes: &Bound<'_, PyBytes>, owner: Messenger) -> Bytes {
    Bytes::from_owner(Lent { bytes: Some(bytes.clone().into()), owner })
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or_default()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(bytes) = self.bytes.take() {
            self.owner.give_back(bytes);
        }
    }
}

//! Reads certificates and keys.

use std::borrow::Cow;
use std::path::PathBuf;

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// PEM text, or a file with it. The file is read again for each handshake, because certificates are
/// renewed while programs run.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Pem {
    Text(Vec<u8>),
    File(PathBuf),
}

impl Pem {
    pub fn read(&self, argument: &str) -> Result<Cow<'_, [u8]>, String> {
        match self {
            Self::Text(text) => Ok(Cow::Borrowed(text)),
            Self::File(path) => std::fs::read(path)
                .map(Cow::Owned)
                .map_err(|error| format!("{argument}: cannot read {}: {error}", path.display())),
        }
    }
}

pub fn certificates(pem: &[u8], argument: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("{argument}: expected PEM certificates: {error}"))?;
    if found.is_empty() {
        return Err(format!("{argument}: expected PEM certificates, found none"));
    }
    Ok(found)
}

pub fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(pem)
        .map_err(|error| format!("key: expected a PEM private key: {error}"))
}

//! TLS: which certificates are trusted and shown.

use std::io;
use std::sync::{Arc, OnceLock};

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    self, AlertDescription, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

use crate::rpc::connection::options::TlsOptions;
use crate::rpc::error::Unreachable;

/// Prepares connecting with TLS; fails where a certificate or key cannot be used.
pub fn connector(options: &TlsOptions) -> Result<TlsConnector, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS: {error}"))?;
    let builder = if options.insecure_skip_verify {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
    } else {
        builder.with_root_certificates(roots(options.ca.as_deref())?)
    };
    let mut config = match &options.identity {
        Some((chain, key)) => {
            let chain = certificates(chain, "cert")?;
            let key = PrivateKeyDer::from_pem_slice(key)
                .map_err(|error| format!("key: expected a PEM private key: {error}"))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| format!("cert and key do not fit: {error}"))?
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Whether connecting with these options can work at all.
pub fn check(options: &TlsOptions) -> Result<(), String> {
    server_name(options, "localhost")?;
    connector(options).map(drop)
}

pub fn server_name(options: &TlsOptions, host: &str) -> Result<ServerName<'static>, String> {
    let name = options.server_name.as_deref().unwrap_or(host);
    ServerName::try_from(name.to_owned())
        .map_err(|_| format!("server_name: {name:?} is neither a DNS name nor an IP address"))
}

fn certificates(pem: &[u8], argument: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("{argument}: expected PEM certificates: {error}"))?;
    if found.is_empty() {
        return Err(format!("{argument}: expected PEM certificates, found none"));
    }
    Ok(found)
}

fn roots(ca: Option<&[u8]>) -> Result<Arc<RootCertStore>, String> {
    let Some(ca) = ca else { return Ok(system_roots()) };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca, "ca")? {
        roots.add(certificate).map_err(|error| format!("ca: {error}"))?;
    }
    Ok(Arc::new(roots))
}

/// The certificates that the system trusts. Reading them takes long enough to do it once.
fn system_roots() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        // A broken certificate among them does not make the others useless.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    });
    Arc::clone(roots)
}

/// Why TLS could not begin.
pub fn describe(error: &io::Error) -> Unreachable {
    match cause(error) {
        Some(rustls::Error::InvalidCertificate(reason)) => {
            lasting(format!("the server's certificate is refused: {reason}"))
        }
        Some(rustls::Error::AlertReceived(alert)) => describe_alert(*alert),
        Some(rustls::Error::InvalidMessage(_)) => {
            "the server does not speak TLS; is the port one for http?".into()
        }
        Some(error) => format!("the TLS handshake failed: {error}").into(),
        // It hung up, in one way or another.
        None => {
            format!("the server does not begin to speak TLS; is the port one for http? {error}")
                .into()
        }
    }
}

/// Why the server has ended TLS, if it says so. It judges the client's certificate when the
/// client takes the handshake for done already.
pub fn alert(error: &io::Error) -> Option<Unreachable> {
    match cause(error) {
        Some(rustls::Error::AlertReceived(alert)) => Some(describe_alert(*alert)),
        _ => None,
    }
}

fn cause(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref().and_then(|cause| cause.downcast_ref())
}

fn describe_alert(alert: AlertDescription) -> Unreachable {
    match alert {
        AlertDescription::CertificateRequired => {
            lasting("the server demands a client certificate".into())
        }
        // Older servers say so also where none was shown.
        AlertDescription::BadCertificate
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::UnsupportedCertificate => lasting(format!(
            "the server refuses the client's certificate, or the lack of one: {alert:?}"
        )),
        _ => format!("the server ended the TLS handshake: {alert:?}").into(),
    }
}

fn lasting(why: String) -> Unreachable {
    Unreachable { why, lasting: true }
}

/// Accepts every certificate, where the user has said so.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

//! The configuration of TLS handshakes, reused for as long as the certificates stay the same.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::ServerCertVerifier;
use tokio_rustls::rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::pem::{Pem, certificates, private_key};
use super::verifier::{AnyCertificate, Authorities};

/// Which certificates to trust, and which to present.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct TlsOptions {
    /// PEM certificates to trust instead of the system's.
    pub ca: Option<Pem>,
    /// The client's PEM certificate chain and key.
    pub identity: Option<(Pem, Pem)>,
    /// The name that the server's certificate must be valid for, instead of the endpoint's host.
    pub server_name: Option<String>,
    /// Accept any certificate.
    pub insecure_skip_verify: bool,
    pub cache: ConfigCache,
}

/// The certificates and keys of some options, as they are read at the moment.
#[derive(PartialEq, Eq)]
struct Material {
    ca: Option<Vec<u8>>,
    identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl Material {
    fn read(options: &TlsOptions) -> Result<Self, String> {
        let ca = options.ca.as_ref().map(|ca| ca.read("ca")).transpose()?;
        let identity = match &options.identity {
            Some((cert, key)) => {
                Some((cert.read("cert")?.into_owned(), key.read("key")?.into_owned()))
            }
            None => None,
        };
        Ok(Self { ca: ca.map(std::borrow::Cow::into_owned), identity })
    }
}

/// The last configuration for some options, which also holds TLS sessions to resume. All copies of
/// the options share it. It does not affect whether two options are equal.
#[derive(Clone, Default)]
pub struct ConfigCache(Arc<Mutex<Option<Made>>>);

/// A configuration, and what it was made from.
struct Made {
    material: Material,
    config: Arc<ClientConfig>,
}

impl ConfigCache {
    fn config(&self, options: &TlsOptions) -> Result<Arc<ClientConfig>, String> {
        let material = Material::read(options)?;
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = cached.as_ref().filter(|made| made.material == material) {
            return Ok(Arc::clone(&made.config));
        }
        let config = Arc::new(make_config(&material, options)?);
        *cached = Some(Made { material, config: Arc::clone(&config) });
        Ok(config)
    }
}

impl PartialEq for ConfigCache {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for ConfigCache {}

impl std::hash::Hash for ConfigCache {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// Prepares a handshake; fails if a certificate or key cannot be used. The files are read on the
/// engine's thread, because they are small and local.
pub fn connector(options: &TlsOptions) -> Result<TlsConnector, String> {
    Ok(TlsConnector::from(options.cache.config(options)?))
}

/// Whether connecting with these options can work at all.
pub fn check(options: &TlsOptions) -> Result<(), String> {
    server_name(options, "localhost")?;
    options.cache.config(options).map(drop)
}

pub fn server_name(options: &TlsOptions, host: &str) -> Result<ServerName<'static>, String> {
    let name = options.server_name.as_deref().unwrap_or(host);
    ServerName::try_from(name.to_owned())
        .map_err(|_| format!("server_name: {name:?} is neither a DNS name nor an IP address"))
}

fn make_config(material: &Material, options: &TlsOptions) -> Result<ClientConfig, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS: {error}"))?
        .dangerous()
        .with_custom_certificate_verifier(verifier(material, options, &provider)?);
    let mut config = match &material.identity {
        Some((chain, key)) => {
            builder.with_client_cert_resolver(client_certificate(chain, key, &provider)?)
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

fn verifier(
    material: &Material,
    options: &TlsOptions,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, String> {
    if options.insecure_skip_verify {
        return Ok(Arc::new(AnyCertificate::new(provider)));
    }
    let (roots, given) = match &material.ca {
        Some(ca) => {
            let given = certificates(ca, "ca")?;
            let mut roots = RootCertStore::empty();
            for certificate in &given {
                roots.add(certificate.clone()).map_err(|error| format!("ca: {error}"))?;
            }
            (Arc::new(roots), given)
        }
        None => (system_roots(), Vec::new()),
    };
    let by_authority = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider))
        .build()
        .map_err(|error| format!("ca: {error}"))?;
    Ok(Arc::new(Authorities::new(by_authority, given)))
}

/// The certificate to present to a server that requests one. Certificates before version 3, which
/// rustls cannot parse, are allowed: the server decides whether to accept them.
fn client_certificate(
    chain: &[u8],
    key: &[u8],
    provider: &CryptoProvider,
) -> Result<Arc<dyn ResolvesClientCert>, String> {
    let chain = certificates(chain, "cert")?;
    let key = provider
        .key_provider
        .load_private_key(private_key(key)?)
        .map_err(|error| format!("key: expected a private key that can be used: {error}"))?;
    let public = key.public_key();
    let fits = chain
        .iter()
        .take(1)
        .all(|certificate| public.as_ref().is_none_or(|public| contains(certificate, public)));
    if !fits {
        return Err("cert and key do not fit: the certificate is for another key".into());
    }
    Ok(Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key))))
}

fn contains(certificate: &[u8], public_key: &[u8]) -> bool {
    certificate.windows(public_key.len()).any(|part| part == public_key)
}

/// The certificates that the system trusts, read only once because that is slow.
fn system_roots() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        // A malformed certificate is skipped, so that the others can be used.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    });
    Arc::clone(roots)
}

//! Why a TLS handshake failed, or why the server ended TLS.

use std::io;

use tokio_rustls::rustls::{self, AlertDescription, CertificateError};

use crate::rpc::error::Unreachable;

/// Why the TLS handshake failed.
pub fn describe(error: &io::Error) -> Unreachable {
    match cause(error) {
        Some(rustls::Error::InvalidCertificate(reason)) => Unreachable::lasting(format!(
            "the server's certificate is refused: {reason}{}",
            advice(reason)
        )),
        Some(rustls::Error::AlertReceived(alert)) => describe_alert(*alert),
        Some(rustls::Error::InvalidMessage(_)) => {
            Unreachable::doubtful("the server does not speak TLS; is the port one for http?")
        }
        Some(error) => format!("the TLS handshake failed: {error}").into(),
        // The server closed the connection, or it was lost.
        None => {
            let hint = "is the port one for http?";
            Unreachable::doubtful(format!("the server does not begin to speak TLS; {hint} {error}"))
        }
    }
}

/// Why the server ended TLS, if it sent an alert. The server checks the client's certificate when,
/// for the client, the handshake is already complete.
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
            Unreachable::lasting("the server demands a client certificate")
        }
        // Older servers send these also if the client presented no certificate.
        AlertDescription::BadCertificate
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::UnsupportedCertificate => Unreachable::lasting(format!(
            "the server refuses the client's certificate, or the lack of one: {alert:?}"
        )),
        _ => format!("the server ended the TLS handshake: {alert:?}").into(),
    }
}

fn advice(reason: &CertificateError) -> &'static str {
    match reason {
        CertificateError::UnknownIssuer => "; pass the certificate of its authority as `ca`",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "; pass the name that it carries as `server_name`"
        }
        _ => "",
    }
}

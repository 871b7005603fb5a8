//! Why TLS could not begin, or was ended by the server.

use std::io;

use tokio_rustls::rustls::{self, AlertDescription, CertificateError};

use crate::rpc::error::Unreachable;

/// Why TLS could not begin.
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
        // It hung up, in one way or another.
        None => {
            let hint = "is the port one for http?";
            Unreachable::doubtful(format!("the server does not begin to speak TLS; {hint} {error}"))
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
            Unreachable::lasting("the server demands a client certificate")
        }
        // Older servers say so also where none was shown.
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

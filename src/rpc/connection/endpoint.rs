//! Where a member listens: `host:port`, `http://`, `https://` or `unix:`.

use http::uri::{Authority, Uri};

const DEFAULT_PORT: u16 = 2379;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// As given, for messages.
    pub name: String,
    pub address: Address,
    pub tls: bool,
    /// The `:authority` of requests.
    pub authority: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    Tcp { host: String, port: u16 },
    Unix(String),
}

impl Endpoint {
    /// Parses an endpoint; `tls` says whether one without a scheme uses TLS.
    pub fn parse(text: &str, tls: bool) -> Result<Self, String> {
        let trimmed = text.trim();
        let text = without_user(text);
        if let Some((path, tls)) = unix_path(trimmed, tls) {
            if path.is_empty() {
                return Err(format!("endpoint {text:?}: expected a path after the scheme"));
            }
            return Ok(Self {
                name: trimmed.to_owned(),
                address: Address::Unix(path.to_owned()),
                tls,
                // As etcd's own client does for a socket; a path is not a valid authority.
                authority: "localhost".to_owned(),
            });
        }
        let (scheme_tls, rest) = match trimmed.split_once("://") {
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            Some((scheme, _)) => {
                return Err(format!(
                    "endpoint {text:?}: unknown scheme {scheme:?}, expected http, https or unix"
                ));
            }
            None => (tls, trimmed),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains('@') {
            return Err(format!(
                "endpoint {text:?}: expected host:port; a user goes into ConnectOptions(user=..., password=...)"
            ));
        }
        if rest.is_empty() || rest.contains(['/', '?', '#']) {
            return Err(format!("endpoint {text:?}: expected host:port"));
        }
        let (host, port) = host_and_port(rest).ok_or_else(|| {
            format!("endpoint {text:?}: expected host:port with a port of 1 to 65535")
        })?;
        // Messages about it should name the port that was tried.
        let name = if rest == host {
            format!("{}:{port}", trimmed.trim_end_matches('/'))
        } else {
            trimmed.to_owned()
        };
        Ok(Self {
            name,
            authority: format!("{host}:{port}"),
            address: Address::Tcp { host: host.trim_matches(['[', ']']).to_owned(), port },
            tls: scheme_tls,
        })
    }

    /// Whether the scheme of an endpoint asks for TLS.
    pub fn names_tls(text: &str) -> bool {
        let text = text.trim();
        text.starts_with("https://") || text.starts_with("unixs:")
    }

    /// Whether both are the same address, however they are written.
    pub fn is_same_place(&self, other: &Self) -> bool {
        self.address == other.address && self.tls == other.tls
    }

    /// The host against which a certificate is verified.
    pub fn host(&self) -> &str {
        match &self.address {
            Address::Tcp { host, .. } => host,
            Address::Unix(_) => "localhost",
        }
    }
}

/// The endpoint for messages, without a password.
fn without_user(text: &str) -> String {
    let start = text.find("://").map_or(0, |scheme| scheme + 3);
    match text.rfind('@') {
        Some(end) if end >= start => format!("{}***{}", &text[..start], &text[end..]),
        _ => text.to_owned(),
    }
}

fn unix_path(text: &str, tls: bool) -> Option<(&str, bool)> {
    for (scheme, tls) in [("unix://", tls), ("unixs://", true), ("unix:", tls), ("unixs:", true)] {
        if let Some(path) = text.strip_prefix(scheme) {
            return Some((path, tls));
        }
    }
    None
}

fn host_and_port(text: &str) -> Option<(String, u16)> {
    // Validated by the URI parser, for which a bare IPv6 address needs brackets.
    let authority: Authority = text.parse().ok()?;
    let uri =
        Uri::builder().scheme("http").authority(authority).path_and_query("/").build().ok()?;
    let host = uri.host().filter(|host| !host.is_empty())?;
    let port = match text.strip_prefix(host)?.strip_prefix(':') {
        Some(port) => port.parse().ok().filter(|port| *port > 0)?,
        None => DEFAULT_PORT,
    };
    Some((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(text: &str) -> Option<(String, u16, bool)> {
        match Endpoint::parse(text, false).ok()? {
            Endpoint { address: Address::Tcp { host, port }, tls, .. } => Some((host, port, tls)),
            Endpoint { address: Address::Unix(_), .. } => None,
        }
    }

    #[test]
    fn reads_hosts_and_ports() {
        for (text, host, port, tls) in [
            ("127.0.0.1:2379", "127.0.0.1", 2379, false),
            ("etcd.example:1", "etcd.example", 1, false),
            ("http://localhost:2379/", "localhost", 2379, false),
            ("https://[::1]:4001", "::1", 4001, true),
            ("localhost", "localhost", 2379, false),
        ] {
            assert_eq!(tcp(text), Some((host.to_owned(), port, tls)), "{text}");
        }
    }

    #[test]
    fn names_the_port_that_is_used() {
        for (text, name) in [
            ("localhost", "localhost:2379"),
            ("https://[::1]/", "https://[::1]:2379"),
            ("http://localhost:1", "http://localhost:1"),
        ] {
            assert_eq!(Endpoint::parse(text, false).unwrap().name, name);
        }
    }

    #[test]
    fn refuses_what_is_no_endpoint() {
        for text in [
            "",
            "http://",
            "host:",
            "host:0",
            "host:65536",
            "host:port",
            "ftp://host:1",
            "a b:1",
            "http://host:1/path",
            "user@host:1",
            "::1:2379",
            "unix:",
            ":2379",
        ] {
            assert!(Endpoint::parse(text, false).is_err(), "{text:?}");
        }
    }

    #[test]
    fn shows_no_password() {
        for text in ["http://user:secret@host:1", "user:secret@host:1", "ftp://u:secret@x@host"] {
            let error = Endpoint::parse(text, false).unwrap_err();
            assert!(error.contains("***@host") && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn reads_sockets() {
        for text in ["unix:/run/etcd.sock", "unix:///run/etcd.sock"] {
            let endpoint = Endpoint::parse(text, false).unwrap();
            assert_eq!(endpoint.address, Address::Unix("/run/etcd.sock".into()));
        }
    }
}

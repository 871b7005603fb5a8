//! DNS discovery: the endpoints of a cluster from the SRV records of its domain.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::join;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{Name, RData};

use crate::rpc::connection::options::{Options, TlsOptions};
use crate::rpc::error::Error;

const DNS_PORT: u16 = 53;

/// The SRV names to look up, and the name server to ask.
pub struct Discovery {
    domain: String,
    secure: Name,
    plain: Name,
    name_server: Option<SocketAddr>,
}

/// The endpoints that were found, and the options to connect to them with.
pub struct Discovered {
    pub endpoints: Vec<String>,
    pub options: Options,
}

impl Discovery {
    /// Validates the arguments of a discovery. `service_name` selects one of several clusters of
    /// a domain; `name_server` replaces the system's.
    pub fn new(
        domain: &str,
        service_name: Option<&str>,
        name_server: Option<&str>,
    ) -> Result<Self, String> {
        let suffix = service_name.map_or_else(String::new, |name| format!("-{name}"));
        let name = |service: &str| {
            let name = format!("_{service}{suffix}._tcp.{domain}");
            let parsed = Name::from_utf8(&name).ok().filter(|_| !domain.is_empty());
            parsed.ok_or_else(|| format!("domain: expected a DNS name, got {domain:?}"))
        };
        Ok(Self {
            domain: domain.trim_end_matches('.').to_owned(),
            secure: name("etcd-client-ssl")?,
            plain: name("etcd-client")?,
            name_server: name_server.map(socket_address).transpose()?,
        })
    }

    /// Looks the endpoints up. Endpoints without TLS are ignored if there are endpoints with TLS,
    /// or if the options ask for TLS.
    pub async fn resolve(&self, options: Options) -> Result<Discovered, Error> {
        let limit = options.connect_timeout;
        match tokio::time::timeout(limit, self.look_up(options)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::Connection(format!(
                "no endpoints of {} were found within {} s",
                self.domain,
                Duration::as_secs_f64(&limit)
            ))),
        }
    }

    async fn look_up(&self, mut options: Options) -> Result<Discovered, Error> {
        let resolver = self.resolver().map_err(|error| self.failed(&[error]))?;
        let secure = find(&resolver, &self.secure, "https");
        let plain = find(&resolver, &self.plain, "http");
        let (secure, plain) = join(secure, plain).await;
        match (secure, plain) {
            (Ok(endpoints), _) if !endpoints.is_empty() => {
                // DNS answers can be forged, so the targets of the records must not decide which
                // name the certificate has to carry.
                let tls = options.tls.get_or_insert_with(TlsOptions::default);
                tls.server_name.get_or_insert_with(|| self.domain.clone());
                Ok(Discovered { endpoints, options })
            }
            // Falling back to plain text requires an answer that there are no endpoints with TLS;
            // a failed lookup does not say so.
            (Ok(_), Ok(endpoints)) if !endpoints.is_empty() && options.tls.is_none() => {
                Ok(Discovered { endpoints, options })
            }
            (secure, plain) => {
                let errors: Vec<_> = [secure.err(), plain.err()].into_iter().flatten().collect();
                Err(self.failed(&errors))
            }
        }
    }

    fn resolver(&self) -> Result<TokioResolver, NetError> {
        let Some(address) = self.name_server else {
            return TokioResolver::builder_tokio()?.build();
        };
        let mut server = NameServerConfig::udp_and_tcp(address.ip());
        for connection in &mut server.connections {
            connection.port = address.port();
        }
        let config = ResolverConfig::from_name_servers(vec![server]);
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).build()
    }

    fn failed(&self, errors: &[NetError]) -> Error {
        let mut why = format!("no usable records {} or {}", self.secure, self.plain);
        for error in errors {
            let _ = write!(why, "; {error}");
        }
        Error::Connection(format!("no endpoints of {} were found: {why}", self.domain))
    }
}

/// The endpoints of a service, by priority and weight; none if DNS has no such service.
async fn find(
    resolver: &TokioResolver,
    service: &Name,
    scheme: &str,
) -> Result<Vec<String>, NetError> {
    let answer = match resolver.srv_lookup(service.clone()).await {
        Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
        answer => answer?,
    };
    let mut services: Vec<&SRV> = answer
        .answers()
        .iter()
        .filter_map(|record| match &record.data {
            RData::SRV(service) => Some(service),
            _ => None,
        })
        // By RFC 2782, the root as the target means that the service is not available.
        .filter(|service| !service.target.is_root())
        .collect();
    services.sort_by_key(|service| (service.priority, u16::MAX - service.weight));
    let endpoint = |service: &SRV| {
        let host = service.target.to_utf8();
        format!("{scheme}://{}:{}", host.trim_end_matches('.'), service.port)
    };
    Ok(services.into_iter().map(endpoint).collect())
}

fn socket_address(text: &str) -> Result<SocketAddr, String> {
    let alone = text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, DNS_PORT));
    alone.or_else(|_| text.parse()).map_err(|_| {
        format!("nameserver: expected an IP address, perhaps with a port, got {text:?}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_services() {
        let discovery = Discovery::new("example.com.", Some("blue"), Some("127.0.0.1:5353"));
        let discovery = discovery.unwrap();
        assert_eq!(discovery.secure.to_utf8(), "_etcd-client-ssl-blue._tcp.example.com.");
        assert_eq!(discovery.plain.to_utf8(), "_etcd-client-blue._tcp.example.com.");
        assert_eq!(discovery.domain, "example.com");
        assert_eq!(discovery.name_server, Some(([127, 0, 0, 1], 5353).into()));
    }

    #[test]
    fn refuses_what_is_no_name_or_address() {
        for domain in ["", "exam ple..com", &"a.".repeat(200)] {
            assert!(Discovery::new(domain, None, None).is_err(), "{domain:?}");
        }
        for server in ["", "dns.example.com", "127.0.0.1:port"] {
            assert!(Discovery::new("example.com", None, Some(server)).is_err(), "{server:?}");
        }
        assert_eq!(socket_address("::1"), Ok(SocketAddr::new("::1".parse().unwrap(), DNS_PORT)));
    }
}

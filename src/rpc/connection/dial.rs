//! Opening the byte stream under a connection.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite, BufReader};

use crate::rpc::connection::endpoint::{Address, Endpoint};
use crate::rpc::connection::happy_eyeballs;
use crate::rpc::connection::options::{Options, TlsOptions};
use crate::rpc::connection::tls;
use crate::rpc::error::Unreachable;

const HTTP_2: &[u8] = b"h2";

/// How much is read at once. h2 alone would read half a frame at a time, 128 times for 1 MiB.
const READ_AHEAD: usize = 64 << 10;

/// What HTTP/2 runs over.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Connects to a member, with TLS if its endpoint says so. `attempts` is the number of failed
/// attempts before.
pub async fn dial(
    endpoint: &Endpoint,
    options: &Options,
    attempts: u32,
) -> Result<Box<dyn Io>, Unreachable> {
    match &endpoint.address {
        Address::Tcp { host, port } => {
            let stream = happy_eyeballs::connect(host, *port, attempts).await.map_err(describe)?;
            stream.set_nodelay(true).map_err(describe)?;
            if let Some(interval) = options.tcp_keep_alive {
                let keep_alive = socket2::TcpKeepalive::new().with_time(interval);
                socket2::SockRef::from(&stream).set_tcp_keepalive(&keep_alive).map_err(describe)?;
            }
            secure(endpoint, options, stream).await
        }
        Address::Unix(path) => {
            #[cfg(unix)]
            {
                let stream = tokio::net::UnixStream::connect(path).await.map_err(describe)?;
                secure(endpoint, options, stream).await
            }
            #[cfg(not(unix))]
            {
                Err(format!("unix sockets are not supported on this system: {path}").into())
            }
        }
    }
}

async fn secure<S: Io + 'static>(
    endpoint: &Endpoint,
    options: &Options,
    stream: S,
) -> Result<Box<dyn Io>, Unreachable> {
    let stream = BufReader::with_capacity(READ_AHEAD, stream);
    if !endpoint.tls {
        return Ok(Box::new(stream));
    }
    let default = TlsOptions::default();
    let tls_options = options.tls.as_ref().unwrap_or(&default);
    let name = tls::server_name(tls_options, endpoint.host())?;
    let connector = tls::connector(tls_options)?;
    let stream = connector.connect(name, stream).await.map_err(|error| tls::describe(&error))?;
    if stream.get_ref().1.alpn_protocol() != Some(HTTP_2) {
        return Err(Unreachable::doubtful("the server does not speak HTTP/2 over TLS"));
    }
    Ok(Box::new(stream))
}

fn describe(error: io::Error) -> String {
    error.to_string()
}

//! Connecting to a name with several addresses, some of which may be unreachable: RFC 8305.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::thread;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::sleep;

/// How long an address may take before the next one is tried too.
const STAGGER: Duration = Duration::from_millis(250);

/// Connects to the address of `host` that answers first. After failed attempts, the order of the
/// addresses is rotated by `attempts`.
pub async fn connect(host: &str, port: u16, attempts: u32) -> io::Result<TcpStream> {
    let mut addresses = interleave(resolve(host, port).await?);
    let count = addresses.len().max(1);
    addresses.rotate_left(usize::try_from(attempts).unwrap_or(0) % count);
    connect_to(&addresses).await
}

/// The addresses of a host, looked up on a separate thread: using the runtime's threads would panic
/// on the engine if the system allows no more of them.
async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, found) = oneshot::channel();
    let host = host.to_owned();
    let lookup = move || {
        let addresses = (host.as_str(), port).to_socket_addrs();
        let _ = sender.send(addresses.map(Iterator::collect));
    };
    thread::Builder::new().name("etcd-client-dns".into()).spawn(lookup)?;
    found.await.unwrap_or_else(|_| Err(io::Error::other("the lookup of its addresses broke off")))
}

/// The same addresses, alternating between the two families.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let preferred = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == preferred);
    let mut second = second.into_iter();
    let mut mixed: Vec<SocketAddr> =
        first.into_iter().flat_map(|address| [Some(address), second.next()]).flatten().collect();
    mixed.extend(second);
    mixed
}

async fn connect_to(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut waiting = addresses.iter();
    let mut connecting = FuturesUnordered::new();
    let mut failure = None;
    loop {
        match waiting.next() {
            Some(address) => connecting.push(TcpStream::connect(address)),
            None if connecting.is_empty() => {
                let nothing = || io::Error::new(io::ErrorKind::NotFound, "it has no address");
                return Err(failure.unwrap_or_else(nothing));
            }
            None => {}
        }
        tokio::select! {
            Some(outcome) = connecting.next() => match outcome {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = Some(error),
            },
            () = sleep(STAGGER), if waiting.len() > 0 => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use tokio::time::{Instant, timeout};

    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(future)
    }

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    /// An address that swallows all that is sent to it: the system accepts no more connections.
    async fn black_hole() -> (SocketAddr, Vec<TcpStream>) {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(address("127.0.0.1:0")).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut held = Vec::new();
        while let Ok(stream) = timeout(STAGGER, TcpStream::connect(address)).await {
            held.push(stream.unwrap());
        }
        // For as long as the process lives.
        std::mem::forget(listener.into_std().unwrap());
        (address, held)
    }

    #[test]
    fn passes_by_an_address_that_swallows_everything() {
        run(async {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let good = listener.local_addr().unwrap();
            let (bad, _held) = black_hole().await;
            let began = Instant::now();
            let stream = connect_to(&[bad, good]).await.unwrap();
            assert_eq!(stream.peer_addr().unwrap(), good);
            // The system would give it up after minutes.
            assert!(began.elapsed() < 40 * STAGGER, "{:?}", began.elapsed());
        });
    }

    #[test]
    fn goes_on_at_once_after_a_refusal() {
        run(async {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let good = listener.local_addr().unwrap();
            // Bound, so that nobody else gets the port, and not listening.
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.bind(address("127.0.0.1:0")).unwrap();
            let refusing = socket.local_addr().unwrap();
            let addresses = [[refusing; 40].as_slice(), &[good]].concat();
            let began = Instant::now();
            connect_to(&addresses).await.unwrap();
            assert!(began.elapsed() < 20 * STAGGER, "{:?}", began.elapsed());
            let refused = connect_to(&[refusing, refusing]).await.unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
            assert!(connect_to(&[]).await.is_err());
        });
    }

    #[test]
    fn takes_the_families_in_turns() {
        let four = ["1.1.1.1:1", "1.1.1.2:1", "1.1.1.3:1"].map(address);
        let six = ["[::1]:1", "[::2]:1"].map(address);
        let mixed = interleave([six.as_slice(), &four].concat());
        assert_eq!(mixed, [six[0], four[0], six[1], four[1], four[2]]);
        let mixed = interleave([four.as_slice(), &six].concat());
        assert_eq!(mixed, [four[0], six[0], four[1], six[1], four[2]]);
    }

    #[test]
    fn finds_addresses() {
        run(async {
            assert_eq!(resolve("::1", 7).await.unwrap(), [address("[::1]:7")]);
            let local = resolve("localhost", 7).await.unwrap();
            assert!(local.iter().all(|address| address.ip().is_loopback() && address.port() == 7));
            assert!(resolve("no-such-host.invalid", 7).await.is_err());
        });
    }
}

//! What becomes of calls where a server limits or ends its connections.

mod server;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use etcd_client::proto::{PbPutRequest, PbRangeRequest};
use futures_util::future::join_all;
use tokio::time::{Instant, timeout};

use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::options::Options;
use crate::rpc::error::Error;
use crate::rpc::transport::open::Transport;
use crate::rpc::transport::peer::MOST_CONNECTIONS;
use crate::rpc::transport::request::Request;
use crate::rpc::transport::tests::server::{Manners, Server};
use crate::rpc::wire::method;

/// More than a call takes on a busy machine.
const AMPLE: Duration = Duration::from_secs(15);

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let limited = async { timeout(Duration::from_secs(60), future).await };
    runtime.block_on(limited).expect("the test takes too long")
}

fn transport_to(server: &Server) -> Arc<Transport> {
    Transport::new(vec![server.endpoint.clone()], Options::default())
}

fn put() -> Request {
    Request::new(&method::PUT, &PbPutRequest::default())
}

fn range() -> Request {
    Request::new(&method::RANGE, &PbRangeRequest::default())
}

fn watch() -> Request {
    Request::new(&method::WATCH, &PbRangeRequest::default())
}

async fn put_within(transport: &Transport, limit: Duration) -> Result<(), Error> {
    transport.unary(put(), Some(Instant::now() + limit).into()).await.map(drop)
}

#[test]
fn calls_go_elsewhere_while_a_stream_ends_a_connection() {
    run(async {
        let server = Server::start(Manners { calls: 1, ..Manners::default() }).await;
        let transport = transport_to(&server);
        // The server goes away, and the connection stays for as long as this one.
        let (mut stream, origin) = transport.stream(watch(), false, None).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        for _ in 0..5 {
            put_within(&transport, AMPLE).await.unwrap();
        }
        server.events.add_permits(1);
        assert!(stream.message().await.unwrap().is_some());
        // What can move is asked to.
        origin.retired().await;
    });
}

#[test]
fn every_call_succeeds_where_a_server_goes_away_all_the_time() {
    run(async {
        let server = Server::start(Manners { calls: 3, ..Manners::default() }).await;
        let transport = transport_to(&server);
        let mut fastest = Duration::MAX;
        for _ in 0..5 {
            let began = Instant::now();
            for _ in 0..50 {
                put_within(&transport, AMPLE).await.unwrap();
            }
            fastest = fastest.min(began.elapsed());
        }
        // Without the pauses that follow failures: they would be there each time.
        assert!(fastest < Duration::from_secs(1), "{fastest:?}");
        assert!(server.connections() >= 80, "{}", server.connections());
    });
}

#[test]
fn a_connection_is_replaced_before_its_streams_are_used_up() {
    run(async {
        let server = Server::start(Manners::default()).await;
        let endpoints = vec![server.endpoint.clone()];
        let transport = Transport::with_max_stream_id(endpoints, Options::default(), 9);
        for _ in 0..50 {
            put_within(&transport, AMPLE).await.unwrap();
        }
        // Five calls each, and the next one stands ready.
        assert!((10..=11).contains(&server.connections()), "{}", server.connections());
    });
}

#[test]
fn a_thousand_calls_share_eight_streams() {
    run(async {
        let delay = Duration::from_millis(20);
        let server = Server::start(Manners { streams: 8, delay, ..Manners::default() }).await;
        let transport = transport_to(&server);
        let calls = (0..1000).map(|_| put_within(&transport, AMPLE));
        for outcome in join_all(calls).await {
            outcome.unwrap();
        }
        assert_eq!(server.connections(), MOST_CONNECTIONS);
    });
}

#[test]
fn calls_go_on_beside_as_many_streams_as_a_server_allows() {
    for streams in [1, 2, 8] {
        run(async {
            let server = Server::start(Manners { streams, ..Manners::default() }).await;
            let transport = transport_to(&server);
            let mut open = Vec::new();
            let limit = Duration::from_secs(2);
            while let Ok(opened) =
                transport.stream(watch(), false, Some(Instant::now() + limit)).await
            {
                open.push(opened);
            }
            let expected = match streams {
                1 => MOST_CONNECTIONS - 1,
                2 => MOST_CONNECTIONS,
                _ => MOST_CONNECTIONS * 5,
            };
            assert_eq!(open.len(), expected);
            assert_eq!(server.connections(), MOST_CONNECTIONS);
            for _ in 0..20 {
                put_within(&transport, AMPLE).await.unwrap();
                transport.unary(range(), Some(Instant::now() + AMPLE).into()).await.unwrap();
            }
        });
    }
}

#[test]
fn what_has_waited_for_a_stream_was_not_sent() {
    run(async {
        let delay = Duration::from_secs(60);
        let server = Server::start(Manners { streams: 1, delay, ..Manners::default() }).await;
        let transport = transport_to(&server);
        let waiting: Vec<_> =
            (0..MOST_CONNECTIONS).map(|_| Box::pin(put_within(&transport, delay))).collect();
        let all = join_all(waiting);
        tokio::pin!(all);
        let late = async {
            while server.requests() < MOST_CONNECTIONS {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            put_within(&transport, Duration::from_millis(300)).await
        };
        tokio::select! {
            _ = &mut all => panic!("nothing is answered"),
            outcome = late => assert!(matches!(outcome, Err(Error::Timeout(_))), "{outcome:?}"),
        }
    });
}

/// A server that sends frames without a meaning as fast as it can.
fn flooding_server() -> Endpoint {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = Endpoint::parse(&listener.local_addr().unwrap().to_string(), false).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).unwrap();
        let priority = [0, 0, 5, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0];
        let flood = priority.repeat(10_000);
        while stream.write_all(&flood).is_ok() {}
    });
    endpoint
}

#[test]
fn a_flooded_connection_leaves_the_others_their_turns() {
    run(async {
        let server = Server::start(Manners::default()).await;
        let transport = transport_to(&server);
        let flooded = Transport::new(vec![flooding_server()], Options::default());
        flooded.connect().await.unwrap();
        // Without their turns they would wait for the end of the flood, which does not end. How
        // long they take depends on what else the machine does.
        for _ in 0..10 {
            put_within(&transport, AMPLE).await.unwrap();
        }
    });
}

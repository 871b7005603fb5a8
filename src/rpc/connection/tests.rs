//! What is known of a call whose connection ends: a server of raw frames ends it in each way.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;

use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::options::Options;
use crate::rpc::connection::{Connection, Metadata, Opening};
use crate::rpc::error::Failure;
use crate::rpc::wire::method;

const PREFACE: usize = 24;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
const ENHANCE_YOUR_CALM: u32 = 11;

/// The first stream of a client.
const STREAM: u32 = 1;

fn frame(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, 0], &stream.to_be_bytes(), payload].concat()
}

fn go_away(last_stream: u32, reason: u32) -> Vec<u8> {
    frame(GOAWAY, 0, &[last_stream.to_be_bytes(), reason.to_be_bytes()].concat())
}

fn reset(reason: u32) -> Vec<u8> {
    frame(RST_STREAM, STREAM, &reason.to_be_bytes())
}

fn endpoint_of(listener: &TcpListener) -> Arc<Endpoint> {
    let address = listener.local_addr().unwrap().to_string();
    Arc::new(Endpoint::parse(&address, false).unwrap())
}

/// Accepts one connection and begins HTTP/2; `serve` does the rest.
fn server(serve: impl FnOnce(TcpStream) + Send + 'static) -> (Arc<Endpoint>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = endpoint_of(&listener);
    let thread = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; PREFACE]).unwrap();
        stream.write_all(&frame(SETTINGS, 0, &[])).unwrap();
        serve(stream);
    });
    (endpoint, thread)
}

fn read_until(stream: &mut TcpStream, wanted: u8) {
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        stream.read_exact(&mut vec![0; length as usize]).unwrap();
        if head[3] == wanted {
            return;
        }
    }
}

/// What becomes of a call that the server answers with these bytes, and then ends.
fn call_answered_with(answer: Vec<u8>) -> Failure {
    let (endpoint, thread) = server(move |mut stream| {
        read_until(&mut stream, HEADERS);
        stream.write_all(&answer).unwrap();
        // Reads on: closed with something unread, it would end by a reset instead.
        stream.shutdown(Shutdown::Write).unwrap();
        let _ = io::copy(&mut stream, &mut io::sink());
    });
    let failure = run(async {
        let connection = open(&endpoint).await;
        call(&connection).await
    });
    thread.join().unwrap();
    failure
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

async fn open(endpoint: &Arc<Endpoint>) -> Arc<Connection> {
    match Connection::open(endpoint, &Options::default(), Opening::default(), |_| {}).await {
        Ok(connection) => connection,
        Err(error) => panic!("{error:?}"),
    }
}

async fn call(connection: &Connection) -> Failure {
    let message = Bytes::from_static(&[0; 5]);
    connection.unary_beside(&method::PUT, message.into(), &Metadata::default()).await.unwrap_err()
}

#[track_caller]
fn assert_never_sent(failure: &Failure) {
    assert!(matches!(failure, Failure::NeverSent(_)), "{failure:?}");
}

#[track_caller]
fn assert_broken(failure: &Failure) {
    assert!(matches!(failure, Failure::Broken(_)), "{failure:?}");
}

#[test]
fn a_server_that_goes_away_has_not_seen_what_came_after_its_last_stream() {
    assert_never_sent(&call_answered_with(go_away(0, NO_ERROR)));
    assert_never_sent(&call_answered_with(go_away(0, ENHANCE_YOUR_CALM)));
}

#[test]
fn a_server_that_goes_away_may_have_carried_out_its_last_stream() {
    assert_broken(&call_answered_with(go_away(STREAM, NO_ERROR)));
    assert_broken(&call_answered_with(go_away(STREAM, ENHANCE_YOUR_CALM)));
}

#[test]
fn a_refused_stream_has_not_been_seen() {
    assert_never_sent(&call_answered_with(reset(REFUSED_STREAM)));
}

#[test]
fn a_reset_stream_may_have_been_carried_out() {
    assert_broken(&call_answered_with(reset(INTERNAL_ERROR)));
}

#[test]
fn a_connection_that_ends_under_a_call_leaves_it_open() {
    assert_broken(&call_answered_with(Vec::new()));
}

#[test]
fn what_is_not_an_answer_leaves_it_open() {
    assert_broken(&call_answered_with(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "stopping the runtime is what the test needs")]
fn a_connection_that_had_ended_before_a_call_has_not_carried_it() {
    let (end, ended) = mpsc::channel();
    let (endpoint, thread) = server(move |stream| {
        ended.recv().unwrap();
        drop(stream);
    });
    let failure = run(async {
        let connection = open(&endpoint).await;
        // What HTTP/2 itself still has to say is said, and the connection is idle. Several times,
        // so that its task gets its turns however late the timer is.
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        end.send(()).unwrap();
        // From here on the runtime has no chance to see the end before the call is made.
        thread.join().unwrap();
        thread::sleep(Duration::from_millis(50));
        assert!(connection.is_open());
        call(&connection).await
    });
    assert_never_sent(&failure);
}

#[test]
fn a_server_that_does_not_speak_is_not_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = endpoint_of(&listener);
    let options = Options { connect_timeout: Duration::from_secs(1), ..Options::default() };
    let opened = run(Connection::open(&endpoint, &options, Opening::default(), |_| {}));
    let Err(error) = opened else { panic!("connected to nobody") };
    assert!(format!("{error:?}").contains("does not speak"), "{error:?}");
}

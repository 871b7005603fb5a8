//! How a client connects.

use std::time::Duration;

pub use super::tls::TlsOptions;

/// The defaults detect a dead member within seconds, and respect that etcd's servers disconnect
/// clients that ping more often than every 5 s.
// Without `Debug`, which would print passwords and keys.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Options {
    pub user: Option<(String, String)>,
    pub tls: Option<TlsOptions>,
    pub connect_timeout: Duration,
    /// The default deadline of calls; `None` for no deadline.
    pub timeout: Option<Duration>,
    /// The default of whether calls wait until a member can be reached.
    pub wait_for_ready: bool,
    /// The interval of HTTP/2 pings and the wait for their response; `None` for no pings.
    pub keep_alive: Option<(Duration, Duration)>,
    /// Whether to ping while no call is in flight.
    pub keep_alive_while_idle: bool,
    pub tcp_keep_alive: Option<Duration>,
    /// The largest response that is accepted, in bytes.
    pub max_response_size: usize,
    /// Whether opening a context requires a connection.
    pub require_connection: bool,
    /// How often the endpoints are taken from the member list; `None` for never.
    pub sync_interval: Option<Duration>,
    /// Who is told what happens.
    pub observer: Option<Observer>,
}

/// The hooks of a program, and where they run: two numbers that stand for them. Clients that differ
/// in it do not share connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Observer {
    pub hooks: usize,
    pub runs_on: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            user: None,
            tls: None,
            connect_timeout: Duration::from_secs(5),
            timeout: Some(Duration::from_secs(10)),
            wait_for_ready: true,
            keep_alive: Some((Duration::from_secs(6), Duration::from_secs(3))),
            keep_alive_while_idle: false,
            tcp_keep_alive: Some(Duration::from_secs(30)),
            max_response_size: i32::MAX as usize,
            require_connection: false,
            sync_interval: None,
            observer: None,
        }
    }
}

//! One keep-alive stream: sends renewals, and matches the answers to them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::rpc::connection::Stream;
use crate::rpc::error::grpc_status::{INTERNAL, PERMISSION_DENIED, UNKNOWN};
use crate::rpc::error::{Error, Failure, Meaning};
use crate::rpc::lease::clock::Moment;
use crate::rpc::lease::keep_alive::schedule::StreamEnd;
use crate::rpc::transport::{Request, StreamOrigin, Transport, conclude};
use crate::rpc::wire;
use crate::rpc::wire::messages::{LeaseKeepAliveRequest, LeaseKeepAliveResponse};
use crate::rpc::wire::method;

/// What happens on a stream.
pub enum Event {
    Opened(StreamOrigin),
    /// The answer to a renewal that was sent at that time.
    Answered(Moment, LeaseKeepAliveResponse),
    /// No more renewals are to be sent on it.
    Retired,
    Ended(StreamEnd),
}

pub type Events = mpsc::UnboundedSender<(u64, Event)>;

/// How to open a stream.
pub struct Opening {
    pub transport: Arc<Transport>,
    pub within: Duration,
    pub not_on: Option<StreamOrigin>,
}

/// Opens the stream with the first renewals, and runs until the stream ends or is not needed.
pub async fn run(
    number: u64,
    opening: Opening,
    mut requests: mpsc::UnboundedReceiver<Vec<i64>>,
    events: Events,
) {
    let Some(first) = requests.recv().await else { return };
    let transport = Arc::downgrade(&opening.transport);
    let end = match Exchange::open(opening, first).await {
        Ok(mut exchange) => {
            let _ = events.send((number, Event::Opened(exchange.origin.clone())));
            match exchange.go_on(number, &mut requests, &events).await {
                Some(failure) => describe(failure, &exchange.origin, &transport),
                None => return,
            }
        }
        Err(error) => StreamEnd {
            why: error.to_string(),
            lasting: true,
            refusal: match error {
                Error::Timeout(_) | Error::Unreachable(_) => None,
                error => Some(error),
            },
            token_renewed: false,
        },
    };
    let _ = events.send((number, Event::Ended(end)));
}

/// An open stream.
struct Exchange {
    stream: Stream,
    origin: StreamOrigin,
    /// When each unanswered renewal was sent, by lease; the server answers in order.
    unanswered: HashMap<i64, VecDeque<Moment>>,
}

impl Exchange {
    async fn open(opening: Opening, first: Vec<i64>) -> Result<Self, Error> {
        let Opening { transport, within, not_on } = opening;
        let request = Request { method: &method::LEASE_KEEP_ALIVE, frame: frames(&first).into() };
        // Both clocks are read: the stream records when it was opened by tokio's clock only, which
        // stands still while the machine is suspended.
        let (asked, started) = (Moment::now(), Instant::now());
        let deadline = Some(started + within);
        let (stream, origin) = match not_on {
            Some(other) => transport.stream_elsewhere(request, &other, deadline).await?,
            None => transport.stream(request, false, deadline).await?,
        };
        let sent = asked.after(stream.opened_at().saturating_duration_since(started));
        let mut exchange = Self { stream, origin, unanswered: HashMap::new() };
        exchange.note(&first, sent);
        Ok(exchange)
    }

    fn note(&mut self, ids: &[i64], sent: Moment) {
        for &id in ids {
            self.unanswered.entry(id).or_default().push_back(sent);
        }
    }

    /// Sends and receives until the stream fails; `None` once it is not needed.
    async fn go_on(
        &mut self,
        number: u64,
        requests: &mut mpsc::UnboundedReceiver<Vec<i64>>,
        events: &Events,
    ) -> Option<Failure> {
        let mut retired = false;
        loop {
            let origin = self.origin.clone();
            tokio::select! {
                biased;
                message = self.stream.message() => match self.receive(message) {
                    Ok(answered) => {
                        if let Some((sent, response)) = answered {
                            let _ = events.send((number, Event::Answered(sent, response)));
                        }
                    }
                    Err(failure) => return Some(failure),
                },
                ids = requests.recv() => {
                    let ids = ids?;
                    self.note(&ids, Moment::now());
                    if let Err(failure) = self.stream.send(frames(&ids)) {
                        return Some(failure);
                    }
                }
                () = origin.retired(), if !retired => {
                    retired = true;
                    let _ = events.send((number, Event::Retired));
                }
            }
        }
    }

    /// Matches an answer to its renewal; `None` if there is none.
    fn receive(
        &mut self,
        message: Result<Option<Bytes>, Failure>,
    ) -> Result<Option<(Moment, LeaseKeepAliveResponse)>, Failure> {
        let Some(message) = message? else {
            return Err(Failure::Broken("the server ended the stream".into()));
        };
        let response: LeaseKeepAliveResponse = wire::decode(message)?;
        let Some(waiting) = self.unanswered.get_mut(&response.id) else { return Ok(None) };
        let sent = waiting.pop_front();
        if waiting.is_empty() {
            self.unanswered.remove(&response.id);
        }
        Ok(sent.map(|sent| (sent, response)))
    }
}

fn frames(ids: &[i64]) -> Bytes {
    let mut frames = BytesMut::new();
    for &id in ids {
        frames.extend_from_slice(&wire::frame(&LeaseKeepAliveRequest { id }));
    }
    frames.freeze()
}

/// What the failure of a stream means for the next one.
fn describe(failure: Failure, origin: &StreamOrigin, transport: &Weak<Transport>) -> StreamEnd {
    let why = failure.message().to_owned();
    let (mut answered, mut lasting, mut token_renewed) = (true, true, false);
    match &failure {
        Failure::Server(status) => {
            let transport = transport.upgrade();
            // Old servers answer an outdated token with "permission denied" as well.
            let token = status.meaning() == Meaning::RenewToken || status.code == PERMISSION_DENIED;
            token_renewed = token && transport.as_ref().is_some_and(|it| origin.renew_token(it));
            lasting = matches!(status.meaning(), Meaning::Refused | Meaning::RenewToken);
            // An unknown error comes from a proxy, or from a server that is not etcd.
            let unnamed =
                status.server_error().is_none() && matches!(status.code, UNKNOWN | INTERNAL);
            answered = lasting || unnamed;
            if let Some(transport) = transport.filter(|_| !lasting) {
                origin.shun(&transport, &why);
            }
        }
        Failure::Unusable(_) => {}
        Failure::WrongServer { server, .. } => {
            let others = transport.upgrade().is_some_and(|it| origin.refuse(&it, server));
            answered = !others;
        }
        Failure::NeverSent(_) | Failure::Broken(_) => answered = false,
    }
    let refusal = answered.then(|| conclude(failure, &method::LEASE_KEEP_ALIVE));
    StreamEnd { why, refusal, lasting, token_renewed }
}

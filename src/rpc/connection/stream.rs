//! The two sides of a stream once it is open.

use std::time::Duration;

use bytes::Bytes;
use h2::SendStream;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};

use crate::rpc::connection::health::{Health, awaiting};
use crate::rpc::connection::state::StreamSlot;
use crate::rpc::error::Failure;
use crate::rpc::telemetry::StreamRecord;
use crate::rpc::wire::method::Patience;
use crate::rpc::wire::{self, Incoming};

/// How long a call that was given up may go on where a reset could end the connection.
const GRACE: Duration = Duration::from_secs(2);

/// The client's side of a stream. Dropping it before the server has ended the stream resets
/// it, which cancels the call on the server.
pub(super) struct Outgoing {
    stream: SendStream<Bytes>,
    /// How many bytes had been written to the connection before the request was queued.
    written_before: u64,
    /// When the request was queued.
    opened_at: Instant,
    slot: StreamSlot,
}

impl Outgoing {
    pub fn new(
        stream: SendStream<Bytes>,
        written_before: u64,
        opened_at: Instant,
        slot: StreamSlot,
    ) -> Self {
        Self { stream, written_before, opened_at, slot }
    }

    pub fn health(&self) -> &Health {
        &self.slot.state().health
    }

    /// Whether the stream may be reset, which counts it.
    pub fn may_be_reset(&self, now: Instant) -> bool {
        self.slot.state().resets.take(now)
    }

    /// Whether certainly no byte of the request has left this process.
    pub fn was_not_written(&self) -> bool {
        self.health().written() == self.written_before
    }
}

/// A call that waits for its answer.
pub(super) struct Pending {
    /// `None` once the call has failed or is answered.
    stream: Option<(Incoming, Outgoing)>,
    patience: Patience,
}

impl Pending {
    pub fn new(incoming: Incoming, outgoing: Outgoing, patience: Patience) -> Self {
        Self { stream: Some((incoming, outgoing)), patience }
    }

    pub async fn answer(mut self) -> Result<Bytes, Failure> {
        let Some((incoming, outgoing)) = &mut self.stream else {
            return Err(Failure::Broken("the call is over".into()));
        };
        let health = outgoing.health();
        let response = response(health, incoming);
        let outcome = match self.patience {
            Patience::Endless => response.await,
            Patience::Little | Patience::Usual => awaiting(health, response).await,
        };
        let outcome = match outcome {
            Err(Failure::Broken(why)) if outgoing.was_not_written() => Err(Failure::NeverSent(why)),
            outcome => outcome,
        };
        self.stream = None;
        outcome
    }
}

impl Drop for Pending {
    /// Resets the stream, which cancels the call on the server, unless there were too many resets.
    fn drop(&mut self) {
        let Some((incoming, outgoing)) = self.stream.take() else { return };
        if outgoing.may_be_reset(Instant::now()) || self.patience == Patience::Endless {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                let _ = timeout(GRACE, incoming.discard()).await;
                drop(outgoing);
            });
        }
    }
}

/// Receives the one message of a call, and the status after it.
async fn response(health: &Health, incoming: &mut Incoming) -> Result<Bytes, Failure> {
    let Some(response) = incoming.message().await? else {
        return Err(Failure::Broken("the server ended the call without a response".into()));
    };
    health.answered();
    // The status comes after the message, and only it tells whether the call has succeeded.
    match incoming.message().await {
        Ok(None) => Ok(response),
        Ok(Some(_)) => Err(Failure::Broken("the server sent a second response".into())),
        // The server has carried the request out. Whatever the status says, it is no refusal
        // after which a mutation could be sent again.
        Err(failure) => Err(Failure::Broken(format!(
            "the server's answer did not end well: {}",
            failure.message()
        ))),
    }
}

/// A stream of messages in both directions.
pub struct Stream {
    pub(super) incoming: Incoming,
    pub(super) outgoing: Outgoing,
    pub(super) rpc: &'static str,
    /// Whether the first message has been checked to be well-formed and from the cluster.
    pub(super) checked: bool,
    /// `None` if there are no hooks.
    pub(super) record: Option<StreamRecord>,
}

impl Stream {
    /// When its first message was queued for sending.
    pub fn opened_at(&self) -> Instant {
        self.outgoing.opened_at
    }

    pub fn send(&mut self, message: Bytes) -> Result<(), Failure> {
        self.outgoing.stream.send_data(message, false).map_err(wire::broken)
    }

    /// Checks that an answer is well-formed and comes from the cluster.
    pub fn check(&self, answer: &[u8]) -> Result<(), Failure> {
        self.outgoing.slot.state().check(self.rpc, answer)
    }

    /// Tells of the stream when it is over.
    pub fn keep_record(&mut self, record: StreamRecord) {
        self.record = Some(record);
    }

    /// The next message; `None` at the end. Cancel safe.
    pub async fn message(&mut self) -> Result<Option<Bytes>, Failure> {
        let received = self.receive().await;
        if let Some(record) = &mut self.record {
            match &received {
                Ok(message) => record.received(message.as_ref().map_or(0, Bytes::len)),
                Err(failure) => record.failed(failure),
            }
        }
        received
    }

    async fn receive(&mut self) -> Result<Option<Bytes>, Failure> {
        let state = self.outgoing.slot.state();
        let message = self.incoming.message().await;
        let message = message.map_err(|failure| failure.of(self.rpc, &state.endpoint().name))?;
        state.health.answered();
        if let Some(first) = message.as_ref().filter(|_| !self.checked) {
            state.check(self.rpc, first)?;
            self.checked = true;
        }
        Ok(message)
    }
}

//! The two sides of a stream once it is open.

use bytes::Bytes;
use h2::SendStream;
use tokio::time::Instant;

use crate::rpc::connection::state::StreamSlot;
use crate::rpc::error::Failure;
use crate::rpc::wire::{self, Incoming};

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

    /// Whether certainly no byte of the request has left this process.
    pub fn was_not_written(&self) -> bool {
        self.slot.state().health.written() == self.written_before
    }
}

/// A stream of messages in both directions.
pub struct Stream {
    pub(super) incoming: Incoming,
    pub(super) outgoing: Outgoing,
    pub(super) rpc: &'static str,
    /// Whether the first message has been checked to be well-formed and from the cluster.
    pub(super) checked: bool,
}

impl Stream {
    /// When its first message was queued for sending.
    pub fn opened_at(&self) -> Instant {
        self.outgoing.opened_at
    }

    pub fn send(&mut self, message: Bytes) -> Result<(), Failure> {
        self.outgoing.stream.send_data(message, false).map_err(wire::broken)
    }

    pub async fn message(&mut self) -> Result<Option<Bytes>, Failure> {
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

//! What nothing can be held beyond: an open communicator, and a running engine.

use tokio_util::sync::CancellationToken;

use crate::rpc::coordination::held_state::STOPPED;
use crate::rpc::error::Error;

/// Tokens and no channel: a token is seen to be cancelled by whoever looks, whether or not it was
/// woken yet. Otherwise the end of a lock could reach the next one in its line, which ends too, as
/// a turn to hold it.
pub struct Lifetime {
    /// Cancelled when the communicator is closed.
    pub communicator: CancellationToken,
    /// Cancelled when the engine is to stop.
    pub engine: CancellationToken,
}

/// Which of them has ended.
pub enum Ended {
    Communicator,
    Engine,
}

impl Lifetime {
    pub async fn over(&self) -> Ended {
        tokio::select! {
            biased;
            () = self.communicator.cancelled() => Ended::Communicator,
            () = self.engine.cancelled() => Ended::Engine,
        }
    }
}

impl Ended {
    /// Why what was held is lost.
    pub fn loss(&self) -> &'static str {
        match self {
            Self::Communicator => "the communicator was closed",
            Self::Engine => STOPPED,
        }
    }

    /// Why what was wanted is not held.
    pub fn error(&self) -> Error {
        match self {
            Self::Communicator => Error::Closed,
            Self::Engine => Error::Connection(STOPPED.into()),
        }
    }
}

//! Removing from the server what is no longer wanted, and reporting the outcome.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::rpc::coordination::acquired::Answer;
use crate::rpc::coordination::held_state::{State, Teller};
use crate::rpc::coordination::turns::Turn;
use crate::rpc::coordination::waiting_line::{self, Place};
use crate::rpc::error::Error;
use crate::rpc::lease::calls;
use crate::rpc::lease::clock::Moment;
use crate::rpc::lease::keep_alive::KeptLease;
use crate::rpc::transport::{Deadline, Transport};
use crate::rpc::wire::messages::HeaderOnly;

/// How long the caller of a failed attempt waits for the removal of what is left. A server that
/// answers takes less; otherwise the removal continues in the background.
const REMOVAL_AWAITED: Duration = Duration::from_millis(100);

/// The same for one that the server has just refused: it answers, and the caller's next attempt would
/// find itself in the line.
const REMOVAL_AWAITED_BY_REFUSED: Duration = Duration::from_secs(2);

/// How long a lease is asked for that has expired by the clock here: a server may still have it.
const EXPIRED_ASKED: Duration = Duration::from_secs(1);

/// What is left on the server.
pub enum Remains {
    Lease {
        id: i64,
        /// Whether the outcome of the grant is known.
        heard: bool,
        /// When it expires by the clock here.
        expires: Moment,
    },
    /// A place that was taken with a lease that stays, and its number among those of the lease
    /// where another place may have that afterwards.
    Place(Place, Option<PlaceNumber>),
    /// The same, if the response has not arrived yet.
    Entering(JoinHandle<Result<Place, Error>>),
}

impl Remains {
    pub fn lease(kept: &KeptLease) -> Self {
        Self::Lease { id: kept.id, heard: true, expires: kept.expires() }
    }
}

pub struct PlaceNumber(pub Arc<KeptLease>, pub u64);

pub struct Leftover {
    pub transport: Arc<Transport>,
    pub remains: Remains,
    pub told: Told,
    /// The turn to use its key, which ends when it has been removed.
    pub turn: Option<Turn>,
}

pub enum Told {
    Nobody,
    Acquirer(oneshot::Sender<Answer>, Answer),
    Releaser(Release, Teller),
}

/// A request to release something.
pub struct Release {
    pub deadline: Deadline,
    /// For the outcome; if it is dropped, the state has the reason.
    pub answer: oneshot::Sender<Result<HeaderOnly, Error>>,
}

impl Leftover {
    /// Removes it, while that may be of use.
    pub async fn remove(self) {
        let Self { transport, remains, told, turn: _until_removed } = self;
        match told {
            Told::Nobody => forget(&transport, remains).await,
            Told::Acquirer(reply, answer) => {
                let forgetting = forget(&transport, remains);
                tokio::pin!(forgetting);
                let refused = matches!(answer, Ok(None));
                let awaited = if refused { REMOVAL_AWAITED_BY_REFUSED } else { REMOVAL_AWAITED };
                let done = timeout(awaited, &mut forgetting).await.is_ok();
                let _ = reply.send(answer);
                if !done {
                    forgetting.await;
                }
            }
            Told::Releaser(Release { deadline, answer }, state) => {
                let outcome = match give_back(&transport, &remains, deadline).await {
                    Ok(Some(response)) => Ok(response),
                    Ok(None) => return state.0.set(State::Lost(remains.gone().into())),
                    Err(error) => Err(error),
                };
                state.0.set(State::Released);
                let failed = outcome.is_err();
                let _ = answer.send(outcome);
                if failed {
                    forget(&transport, remains).await;
                }
            }
        }
    }
}

impl Remains {
    /// Why it no longer existed.
    fn gone(&self) -> &'static str {
        match self {
            Self::Lease { .. } => "its lease expired or was revoked",
            Self::Place(..) | Self::Entering(_) => "its key was deleted",
        }
    }
}

/// Releases it; `None` if it no longer existed.
async fn give_back(
    transport: &Arc<Transport>,
    remains: &Remains,
    deadline: Deadline,
) -> Result<Option<HeaderOnly>, Error> {
    match remains {
        Remains::Lease { id, .. } => match calls::revoke(transport, *id, deadline.into()).await {
            Err(error) if error.is_server_error("LeaseNotFound") => Ok(None),
            outcome => outcome.map(Some),
        },
        Remains::Place(place, number) => leave(transport, place, number.as_ref(), deadline).await,
        // It has no owner that could release it.
        Remains::Entering(_) => Ok(None),
    }
}

/// Leaves a waiting line; afterwards another place may have the number.
async fn leave(
    transport: &Arc<Transport>,
    place: &Place,
    number: Option<&PlaceNumber>,
    deadline: Deadline,
) -> Result<Option<HeaderOnly>, Error> {
    let left = waiting_line::leave(transport, place, deadline).await?;
    if let (Some(_), Some(PlaceNumber(lease, number))) = (&left, number) {
        lease.give_back_place(*number);
    }
    Ok(left)
}

async fn forget(transport: &Arc<Transport>, remains: Remains) {
    let (place, number) = match remains {
        Remains::Lease { id, heard, expires } => {
            let until = expires.max(Moment::now().after(EXPIRED_ASKED)).as_deadline();
            return drop(calls::forget(transport, id, heard, until).await);
        }
        Remains::Place(place, number) => (place, number),
        Remains::Entering(entering) => match entering.await {
            Ok(Ok(place)) if place.created => (place, None),
            _ => return,
        },
    };
    // If that fails, it ends with its lease.
    let _ = leave(transport, &place, number.as_ref(), None).await;
}

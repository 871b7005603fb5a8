//! Acquiring a lease, and perhaps a place in a waiting line with it; a failed attempt leaves
//! nothing on the server.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep_until, timeout};

use crate::rpc::coordination::acquired::{Acquired, Answer};
use crate::rpc::coordination::held_lease::{Command, Held};
use crate::rpc::coordination::held_state::{HeldState, Teller};
use crate::rpc::coordination::leftover::{Leftover, PlaceNumber, Remains, Told};
use crate::rpc::coordination::lifetime::Lifetime;
use crate::rpc::coordination::turns::{Turn, Turns};
use crate::rpc::coordination::waiting_line::{self, Entry, Line, Place};
use crate::rpc::error::Error;
use crate::rpc::keys::quoted;
use crate::rpc::lease::calls;
use crate::rpc::lease::clock::Moment;
use crate::rpc::lease::keep_alive::KeptLease;
use crate::rpc::transport::{Deadline, Transport};
use crate::rpc::wire::messages::{LeaseGrantResponse, ResponseHeader};

/// How long to wait for a grant that is no longer wanted.
const GRANT_AWAITED: Duration = Duration::from_secs(1);

/// What is to be acquired.
pub struct Wanted {
    pub lease: WantedLease,
    pub place: Option<WantedPlace>,
    /// How long it may be held once it is acquired.
    pub limit: Option<Duration>,
    /// The deadline for acquiring it.
    pub deadline: Deadline,
}

/// The lease to use.
pub enum WantedLease {
    New {
        /// In seconds.
        ttl: i64,
        /// `None` for a random one.
        id: Option<i64>,
        /// The deadline for the grant.
        deadline: Deadline,
    },
    /// One that is held already and shared.
    Held(Arc<KeptLease>),
    /// One that the caller keeps alive.
    Callers(i64),
}

/// A place in a waiting line.
pub struct WantedPlace {
    pub line: Line,
    /// What its key is to say; `None` for nothing.
    pub value: Option<Vec<u8>>,
    /// Whether to wait for earlier contenders.
    pub wait: bool,
}

/// An acquisition in progress.
pub struct Acquisition {
    transport: Arc<Transport>,
    wanted: Wanted,
    reply: oneshot::Sender<Answer>,
    commands: mpsc::UnboundedReceiver<Command>,
    lifetime: Lifetime,
    state: Teller,
    turn: Option<Turn>,
}

/// The outcome of an acquisition.
pub enum Outcome {
    Held(Held),
    /// With what must be removed from the server.
    Failed(Option<Leftover>),
}

/// The lease of a place.
struct Ground {
    id: i64,
    /// The number of the place among those of a lease that many hold.
    number: Option<u64>,
    ttl: i64,
    header: ResponseHeader,
    kept: Option<Arc<KeptLease>>,
    /// Whether the lease was granted for this, and ends with it.
    own: bool,
}

impl Ground {
    fn remains(&self, place: Option<&Place>) -> Option<Remains> {
        match &self.kept {
            Some(kept) if self.own => Some(Remains::lease(kept)),
            kept => place.filter(|place| place.created).map(|place| {
                let number = kept.as_ref().zip(self.number).filter(|_| place.settled);
                let number = number.map(|(kept, number)| PlaceNumber(Arc::clone(kept), number));
                Remains::Place(place.clone(), number)
            }),
        }
    }
}

async fn until(deadline: Deadline) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}

/// Why it is no longer wanted.
async fn interruption(
    reply: &mut oneshot::Sender<Answer>,
    lifetime: &Lifetime,
    deadline: Deadline,
) -> Error {
    tokio::select! {
        biased;
        // The caller is gone.
        () = reply.closed() => Error::Closed,
        ended = lifetime.over() => ended.error(),
        () = until(deadline) => {
            Error::LockTimeout("the lock was not acquired within the timeout".into())
        }
    }
}

impl Acquisition {
    pub fn new(
        transport: Arc<Transport>,
        wanted: Wanted,
        reply: oneshot::Sender<Answer>,
        commands: mpsc::UnboundedReceiver<Command>,
        lifetime: Lifetime,
    ) -> (Self, Arc<HeldState>) {
        let state = Arc::<HeldState>::default();
        let teller = Teller(Arc::clone(&state));
        (Self { transport, wanted, reply, commands, lifetime, state: teller, turn: None }, state)
    }

    /// Acquires it and replies to the caller; otherwise removes what the attempt left behind.
    pub async fn run(mut self) -> Outcome {
        let ground = match &self.wanted.lease {
            WantedLease::New { ttl, id, deadline } => {
                let (ttl, chosen, deadline) = (*ttl, *id, *deadline);
                match self.grant(ttl, chosen, deadline).await {
                    Ok(ground) => ground,
                    Err((remains, error)) => return self.failed(remains, Err(error)),
                }
            }
            WantedLease::Held(kept) => {
                let ttl = i64::try_from(kept.time().ttl().as_secs()).unwrap_or(i64::MAX);
                let header = ResponseHeader::default();
                let number = Some(kept.next_place());
                Ground {
                    id: kept.id,
                    number,
                    ttl,
                    header,
                    kept: Some(Arc::clone(kept)),
                    own: false,
                }
            }
            WantedLease::Callers(id) => {
                let id = *id;
                if let Err(error) = self.take_turn(id).await {
                    return self.failed(None, Err(error));
                }
                let header = ResponseHeader::default();
                Ground { id, number: None, ttl: 0, header, kept: None, own: false }
            }
        };
        if self.wanted.place.is_none() {
            return self.hand_over(ground, None);
        }
        match self.take_place(&ground).await {
            Ok(place) if place.holds => self.hand_over(ground, Some(place)),
            Ok(place) => {
                let remains = ground.remains(Some(&place));
                self.failed(remains, Ok(None))
            }
            Err((remains, error)) => self.failed(remains, Err(error)),
        }
    }

    /// Grants a lease and keeps it alive. On failure, returns what may be left on the server.
    async fn grant(
        &mut self,
        ttl: i64,
        chosen: Option<i64>,
        deadline: Deadline,
    ) -> Result<Ground, (Option<Remains>, Error)> {
        let id = chosen.unwrap_or_else(calls::new_id);
        let sent = Moment::now();
        let (granted, interrupted) = self.wait_for_grant(id, ttl, chosen, deadline).await;
        let granted = match granted {
            Ok(granted) => granted,
            Err(error) => {
                // A lease with the chosen id may have existed before.
                let remains = chosen.is_none().then(|| Remains::Lease {
                    id,
                    heard: error.is_refusal(),
                    expires: sent.after(Duration::from_secs(u64::try_from(ttl).unwrap_or(0))),
                });
                return Err((remains, interrupted.unwrap_or(error)));
            }
        };
        let kept = Arc::new(KeptLease::granted(&self.transport, id, granted.ttl, sent));
        let lives = match interrupted {
            Some(error) => Err(error),
            // It took so long that its expiry is unknown.
            None if !kept.is_confirmed() => self.confirm(&kept, deadline).await,
            None => Ok(()),
        };
        match lives {
            Ok(()) => {
                let header = granted.header.unwrap_or_default();
                let ttl = granted.ttl;
                Ok(Ground { id, number: None, ttl, header, kept: Some(kept), own: true })
            }
            Err(error) => Err((Some(Remains::lease(&kept)), error)),
        }
    }

    /// The grant of the lease, and why it is no longer wanted. Even then, the grant is awaited for
    /// a while: otherwise it might take effect after its revocation.
    async fn wait_for_grant(
        &mut self,
        id: i64,
        ttl: i64,
        chosen: Option<i64>,
        deadline: Deadline,
    ) -> (Result<LeaseGrantResponse, Error>, Option<Error>) {
        let transport = Arc::clone(&self.transport);
        let grant = async {
            match chosen {
                Some(_) => calls::grant_with_id(&transport, id, ttl, deadline.into()).await,
                None => calls::grant(&transport, id, ttl, deadline.into()).await,
            }
        };
        tokio::pin!(grant);
        tokio::select! {
            biased;
            error = self.interrupted() => {
                let granted = timeout(GRANT_AWAITED, grant).await;
                (granted.unwrap_or_else(|_| Err(error.clone())), Some(error))
            }
            granted = &mut grant => (granted, None),
        }
    }

    async fn confirm(&mut self, kept: &KeptLease, deadline: Deadline) -> Result<(), Error> {
        tokio::select! {
            biased;
            error = self.interrupted() => Err(error),
            confirmed = kept.confirm(deadline) => confirmed.map(drop),
        }
    }

    /// Takes a place in the waiting line, and waits there if wanted. On failure, returns what is
    /// left on the server.
    async fn take_place(&mut self, ground: &Ground) -> Result<Place, (Option<Remains>, Error)> {
        let Self { transport, wanted, reply, lifetime, turn, .. } = self;
        let Some(WantedPlace { line, value, wait }) = wanted.place.take() else {
            return Err((None, Error::Closed));
        };
        let entry = Entry {
            key: line.key_of(ground.id, ground.number.unwrap_or(0)),
            lease: ground.id,
            value: value.clone(),
            earlier: turn.as_ref().map_or(0, Turn::latest_left),
        };
        let for_entry = Arc::clone(transport);
        let mut entering =
            Box::pin(async move { waiting_line::enter(&for_entry, line, entry).await });
        let over = lease_over(ground.kept.as_deref());
        let interrupted = interruption(reply, lifetime, wanted.deadline);
        tokio::pin!(over, interrupted);
        let entered = tokio::select! {
            biased;
            error = &mut interrupted => {
                let remains = ground.remains(None).unwrap_or_else(|| Remains::Entering(tokio::spawn(entering)));
                return Err((Some(remains), error));
            }
            error = &mut over => return Err((ground.remains(None), error)),
            entered = &mut entering => entered,
        };
        let mut place = entered.map_err(|error| (ground.remains(None), error))?;
        // Where its key was there already, nothing was said about the others.
        if place.holds || (!wait && place.settled) {
            return Ok(place);
        }
        let waiting = async {
            waiting_line::wait(transport, &mut place, wait).await?;
            match value {
                Some(value) if place.holds && place.outdated => {
                    waiting_line::proclaim(transport, &place, value).await
                }
                _ => Ok(()),
            }
        };
        let waited = tokio::select! {
            biased;
            error = &mut interrupted => Err(error),
            waited = waiting => waited,
            error = &mut over => Err(error),
        };
        match waited {
            Ok(()) => Ok(place),
            Err(error) => Err((ground.remains(Some(&place)), waits_behind(&place, error))),
        }
    }

    /// Waits until no other attempt uses the key, which is the same for all with a caller's lease.
    async fn take_turn(&mut self, lease: i64) -> Result<(), Error> {
        let Some(place) = &self.wanted.place else { return Ok(()) };
        let key = place.line.key_of(lease, 0);
        let turns = self.transport.service::<Turns>();
        let turn = tokio::select! {
            biased;
            error = self.interrupted() => return Err(error),
            turn = turns.take(key) => turn,
        };
        self.turn = Some(turn);
        Ok(())
    }

    async fn interrupted(&mut self) -> Error {
        interruption(&mut self.reply, &self.lifetime, self.wanted.deadline).await
    }

    fn failed(self, remains: Option<Remains>, answer: Answer) -> Outcome {
        let answer = answer.map_err(|error| match error {
            Error::LockTimeout(message) if !self.transport.pool.is_connected() => {
                let errors = self.transport.pool.last_errors();
                Error::LockTimeout(format!("{message}: no member could be reached: {errors}"))
            }
            error => error,
        });
        let Some(remains) = remains else {
            let _ = self.reply.send(answer);
            return Outcome::Failed(None);
        };
        let Self { transport, reply, turn, .. } = self;
        let told = Told::Acquirer(reply, answer);
        Outcome::Failed(Some(Leftover { transport, remains, told, turn }))
    }

    fn hand_over(self, ground: Ground, place: Option<Place>) -> Outcome {
        let limit = self.wanted.limit.map(|limit| (Moment::now().after(limit), limit));
        if let (Some((end, _)), Some(kept), true) = (limit, &ground.kept, ground.own) {
            kept.last_until(end);
        }
        self.state.0.acquired(ground.kept.as_deref().map(KeptLease::time), limit);
        let remains = ground.remains(place.as_ref());
        let Ground { id: lease, ttl, header, kept, own, .. } = ground;
        let acquired = Acquired { lease, ttl, header, place: place.clone(), kept: kept.clone() };
        let Self { transport, reply, commands, lifetime, state, turn, .. } = self;
        if reply.send(Ok(Some(acquired))).is_err() {
            let told = Told::Nobody;
            let leftover = remains.map(|remains| Leftover { transport, remains, told, turn });
            return Outcome::Failed(leftover);
        }
        let lease_ends_with_it = own;
        Outcome::Held(Held {
            transport,
            lease,
            kept,
            lease_ends_with_it,
            place,
            remains,
            turn,
            commands,
            lifetime,
            state,
        })
    }
}

/// Says in the error of a timeout which key is ahead.
fn waits_behind(place: &Place, error: Error) -> Error {
    match (error, &place.behind) {
        (Error::LockTimeout(message), Some(key)) => {
            Error::LockTimeout(format!("{message}: it waits behind the key {}", quoted(key)))
        }
        (error, _) => error,
    }
}

/// Completes when the lease of a place ends.
async fn lease_over(kept: Option<&KeptLease>) -> Error {
    match kept {
        Some(kept) => {
            let why = kept.over().await;
            Error::Lost(format!("its lease ended as it waited: {why}"))
        }
        None => pending().await,
    }
}

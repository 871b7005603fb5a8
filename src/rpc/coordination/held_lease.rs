//! A lease that is kept alive for its holder, and the lock or the lead that hangs on it: from the
//! grant to the end, with nothing left on the server.

use std::future::{Future, pending};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::rpc::coordination::waiting_line::{self, Place};
use crate::rpc::error::Error;
use crate::rpc::lease::calls;
use crate::rpc::lease::keep_alive::Keeper;
use crate::rpc::transport::{Deadline, Transport};
use crate::rpc::wire::messages::{HeaderOnly, LeaseGrantResponse, ResponseHeader};

/// How long the caller of a failed attempt waits for what is left of it to be removed. A server
/// that answers does it in less; for one that does not, the removal goes on behind the caller.
const TIDYING: Duration = Duration::from_millis(100);

/// Why something is lost that nobody can keep any more.
const STOPPED: &str = "the runtime was stopped";

pub struct Terms {
    pub claim: Option<Claim>,
    /// Of the lease, in seconds.
    pub ttl: i64,
    /// The id of the lease; a random one where there is none.
    pub id: Option<i64>,
    /// How long it may be held once it is acquired.
    pub limit: Option<Duration>,
    /// When acquiring it has to be over.
    pub patience: Deadline,
    /// When the grant of the lease has to be over.
    pub grant_deadline: Deadline,
}

/// What is wanted beside the lease: to be the first in the queue of that name.
pub struct Claim {
    pub name: Vec<u8>,
    pub value: Vec<u8>,
    /// Whether to wait for those who came before.
    pub wait: bool,
}

/// What has been acquired.
pub struct Acquired {
    pub lease: i64,
    /// As the server granted it, in seconds.
    pub ttl: i64,
    pub header: ResponseHeader,
    /// `None` where only the lease was wanted.
    pub place: Option<Place>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Held,
    /// Given back by its holder.
    Released,
    /// Gone without the holder's doing, for that reason.
    Lost(Arc<str>),
}

pub enum Command {
    Release(Release),
    /// Gives it back without an answer.
    Abandon,
    /// From now on it ends with its context, and no more with its handle.
    Adopt,
}

/// The wish to give something back.
pub struct Release {
    pub deadline: Deadline,
    /// For what came of it; without an answer, the state says why.
    pub answer: oneshot::Sender<Result<HeaderOnly, Error>>,
}

/// The answer to the one who wants it; `None` where another holds it and there is to be no wait.
pub type Reply = oneshot::Sender<Outcome>;
pub type Outcome = Result<Option<Acquired>, Error>;

/// An attempt to acquire something.
pub struct Acquisition {
    transport: Arc<Transport>,
    terms: Terms,
    reply: Reply,
    commands: mpsc::UnboundedReceiver<Command>,
    closing: watch::Receiver<bool>,
    state: StateSender,
}

/// What became of an acquisition.
pub enum Attempt {
    Acquired(Possession),
    /// With what has to be removed from the server.
    Failed(Option<Leftover>),
}

/// Something that has been acquired.
pub struct Possession {
    transport: Arc<Transport>,
    keeper: Keeper,
    place: Option<Place>,
    limit: Option<(Instant, Duration)>,
    commands: mpsc::UnboundedReceiver<Command>,
    closing: watch::Receiver<bool>,
    state: StateSender,
}

/// A lease that is not wanted any more, and those who want to know when it is gone.
pub struct Leftover {
    transport: Arc<Transport>,
    id: i64,
    /// Whether the server has said what became of the grant.
    heard: bool,
    /// After that the server has removed it by itself.
    expires: Instant,
    told: Told,
}

enum Told {
    Nobody,
    Acquirer(Reply, Outcome),
    Releaser(Release, StateSender),
}

/// Tells the state, also when a possession goes away with its runtime.
struct StateSender(watch::Sender<State>);

impl StateSender {
    fn set(&self, state: State) {
        self.0.send_replace(state);
    }
}

impl Drop for StateSender {
    fn drop(&mut self) {
        if *self.0.borrow() == State::Held {
            self.set(State::Lost(STOPPED.into()));
        }
    }
}

async fn closed(closing: &mut watch::Receiver<bool>) {
    // The sender goes away with the last view of the context.
    let _ = closing.wait_for(|closing| *closing).await;
}

async fn until(deadline: Deadline) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}

impl Acquisition {
    pub fn new(
        transport: Arc<Transport>,
        terms: Terms,
        reply: Reply,
        commands: mpsc::UnboundedReceiver<Command>,
        closing: watch::Receiver<bool>,
    ) -> (Self, watch::Receiver<State>) {
        let (sender, state) = watch::channel(State::Held);
        let state_sender = StateSender(sender);
        (Self { transport, terms, reply, commands, closing, state: state_sender }, state)
    }

    /// Acquires what is wanted and tells the one who wants it; or gives back what is left.
    pub async fn run(mut self) -> Attempt {
        let id = self.terms.id.unwrap_or_else(calls::new_id);
        let sent = Instant::now();
        let (granted, interrupted) = self.grant(id).await;
        let granted = match granted {
            Ok(granted) => granted,
            Err(error) => {
                let heard = error.is_refusal();
                return self.not_granted(id, sent, heard, interrupted.unwrap_or(error));
            }
        };
        let mut keeper = Keeper::new(Arc::clone(&self.transport), id, granted.ttl, sent);
        // Members were tried for longer than the TTL: which attempt has granted it is not known.
        if Instant::now() >= keeper.expires() {
            let transport = Arc::clone(&self.transport);
            keeper = match Keeper::take_over(transport, id, self.terms.grant_deadline).await {
                Ok((renewed, _)) => renewed,
                Err(error) => return self.failed(&keeper, Err(interrupted.unwrap_or(error))),
            };
        }
        let mut acquired = Acquired {
            lease: id,
            ttl: granted.ttl,
            header: granted.header.unwrap_or_default(),
            place: None,
        };
        let entered = match interrupted {
            Some(error) => Err(error),
            None => self.enter(&mut keeper).await,
        };
        match entered {
            Ok(place) if place.as_ref().is_none_or(|place| place.first) => acquired.place = place,
            Ok(_) => return self.failed(&keeper, Ok(None)),
            Err(error) => return self.failed(&keeper, Err(error)),
        }
        self.hand_over(keeper, acquired)
    }

    /// The grant of the lease, and why it is not wanted any more. It is waited for in any case:
    /// what has been asked for and is not waited for might come after its revocation.
    async fn grant(&mut self, id: i64) -> (Result<LeaseGrantResponse, Error>, Option<Error>) {
        let transport = Arc::clone(&self.transport);
        let Terms { ttl, grant_deadline, id: chosen, .. } = self.terms;
        let grant = async {
            match chosen {
                Some(_) => calls::grant_with_id(&transport, id, ttl, grant_deadline).await,
                None => calls::grant(&transport, id, ttl, grant_deadline).await,
            }
        };
        tokio::pin!(grant);
        tokio::select! {
            biased;
            error = self.interrupted() => (grant.await, Some(error)),
            granted = &mut grant => (granted, None),
        }
    }

    /// Takes a place in the queue, and waits there unless told otherwise.
    async fn enter(&mut self, keeper: &mut Keeper) -> Result<Option<Place>, Error> {
        let Self { transport, terms, reply, closing, .. } = self;
        let Some(Claim { name, value, wait }) = &terms.claim else { return Ok(None) };
        let id = keeper.id;
        let entering = async {
            let mut place = waiting_line::enter(transport, name, id, value).await?;
            if *wait && !place.first {
                waiting_line::wait(transport, &mut place).await?;
            }
            Ok(Some(place))
        };
        tokio::select! {
            biased;
            error = interruption(reply, closing, terms.patience) => Err(error),
            place = entering => place,
            why = keeper.keep() => Err(Error::Lost(format!("its lease ended as it waited: {why}"))),
        }
    }

    async fn interrupted(&mut self) -> Error {
        interruption(&mut self.reply, &mut self.closing, self.terms.patience).await
    }

    fn not_granted(self, id: i64, sent: Instant, heard: bool, error: Error) -> Attempt {
        if self.terms.id.is_some() {
            // There may be a lease of that id that was there before.
            let _ = self.reply.send(Err(error));
            return Attempt::Failed(None);
        }
        let ttl = Duration::from_secs(u64::try_from(self.terms.ttl).unwrap_or(0));
        let told = Told::Acquirer(self.reply, Err(error));
        let transport = self.transport;
        let expires = sent + ttl;
        Attempt::Failed(Some(Leftover { transport, id, heard, expires, told }))
    }

    fn failed(self, keeper: &Keeper, outcome: Outcome) -> Attempt {
        let told = Told::Acquirer(self.reply, outcome);
        let (id, expires) = (keeper.id, keeper.expires());
        let transport = self.transport;
        Attempt::Failed(Some(Leftover { transport, id, heard: true, expires, told }))
    }

    fn hand_over(self, mut keeper: Keeper, acquired: Acquired) -> Attempt {
        let limit = self.terms.limit.map(|limit| (Instant::now() + limit, limit));
        if let Some((end, _)) = limit {
            keeper.last_until(end);
        }
        let place = acquired.place.clone();
        let (id, expires) = (keeper.id, keeper.expires());
        let Self { transport, reply, commands, closing, state, .. } = self;
        if reply.send(Ok(Some(acquired))).is_err() {
            let told = Told::Nobody;
            return Attempt::Failed(Some(Leftover { transport, id, heard: true, expires, told }));
        }
        Attempt::Acquired(Possession { transport, keeper, place, limit, commands, closing, state })
    }
}

/// Why something is not wanted any more.
async fn interruption(
    reply: &mut Reply,
    closing: &mut watch::Receiver<bool>,
    patience: Deadline,
) -> Error {
    tokio::select! {
        biased;
        // Nobody is there to be told.
        () = reply.closed() => Error::Closed,
        () = closed(closing) => Error::Closed,
        () = until(patience) => Error::LockTimeout("the lock was not acquired within the timeout".into()),
    }
}

impl Possession {
    /// Holds it until it is given back or lost, or until `stopping` says that it has to be.
    pub async fn hold(mut self, stopping: impl Future<Output = ()>) -> Leftover {
        let Self { transport, keeper, place, limit, commands, closing, .. } = &mut self;
        let evicted = async {
            match place {
                Some(place) => waiting_line::until_evicted(transport, place).await,
                None => pending().await,
            }
        };
        let why = tokio::select! {
            biased;
            release = released(commands) => return self.given_back(release),
            () = closed(closing) => return self.gone("the communicator was closed".into()),
            () = stopping => return self.gone(STOPPED.into()),
            () = until(limit.map(|(end, _)| end)) => {
                let limit = limit.map_or(0.0, |(_, limit)| limit.as_secs_f64());
                format!("its time of {limit} s was over")
            }
            why = keeper.keep() => why,
            () = evicted => "its key was deleted".into(),
        };
        self.transport.stats.report(format!("lease {:x} was lost: {why}", self.keeper.id));
        self.gone(why)
    }

    fn gone(self, why: String) -> Leftover {
        self.state.set(State::Lost(why.into()));
        self.given_back(None)
    }

    fn given_back(self, release: Option<Release>) -> Leftover {
        let told = match release {
            Some(release) => Told::Releaser(release, self.state),
            None => Told::Nobody,
        };
        let (id, expires) = (self.keeper.id, self.keeper.expires());
        Leftover { transport: self.transport, id, heard: true, expires, told }
    }
}

/// Waits until it is given back, by a command or, before it was adopted, by dropping the handle.
async fn released(commands: &mut mpsc::UnboundedReceiver<Command>) -> Option<Release> {
    let mut adopted = false;
    loop {
        match commands.recv().await {
            Some(Command::Release(release)) => return Some(release),
            Some(Command::Adopt) => adopted = true,
            None if adopted => pending().await,
            Some(Command::Abandon) | None => return None,
        }
    }
}

impl Leftover {
    /// Revokes the lease; tells those who want to know.
    pub async fn remove(self) {
        let Self { transport, id, heard, expires, told } = self;
        let forgetting = calls::forget(&transport, id, heard, Some(expires));
        match told {
            Told::Nobody => drop(forgetting.await),
            Told::Acquirer(reply, outcome) => {
                tokio::pin!(forgetting);
                let done = timeout(TIDYING, &mut forgetting).await.is_ok();
                let _ = reply.send(outcome);
                if !done {
                    drop(forgetting.await);
                }
            }
            Told::Releaser(Release { deadline, answer }, state) => {
                let outcome = calls::revoke(&transport, id, deadline).await;
                if outcome.as_ref().is_err_and(|error| error.is_server_error("LeaseNotFound")) {
                    state.set(State::Lost("its lease expired or was revoked".into()));
                    return;
                }
                state.set(State::Released);
                let failed = outcome.is_err();
                let _ = answer.send(outcome);
                if failed {
                    drop(forgetting.await);
                }
            }
        }
    }
}

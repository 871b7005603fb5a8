//! A lease that is kept alive for its holder, or a place in a waiting line on such a lease: from
//! its acquisition to its end.

use std::future::pending;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::rpc::coordination::held_state::{State, Teller};
use crate::rpc::coordination::leftover::{Leftover, Release, Remains, Told};
use crate::rpc::coordination::lifetime::Lifetime;
use crate::rpc::coordination::turns::Turn;
use crate::rpc::coordination::waiting_line::{self, Place};
use crate::rpc::keys::quoted;
use crate::rpc::lease::clock;
use crate::rpc::lease::keep_alive::KeptLease;
use crate::rpc::transport::Transport;

pub enum Command {
    Release(Release),
    /// Releases it without a reply.
    Abandon,
    /// The limit has changed.
    Extended,
}

/// An acquired lease or place.
pub struct Held {
    pub transport: Arc<Transport>,
    /// The id of the lease.
    pub lease: i64,
    pub kept: Option<Arc<KeptLease>>,
    /// Whether the lease was granted for this.
    pub lease_ends_with_it: bool,
    pub place: Option<Place>,
    /// What to remove in the end; `None` if it belongs to another owner.
    pub remains: Option<Remains>,
    /// The turn to use the key, if others with the same lease may want it.
    pub turn: Option<Turn>,
    pub commands: mpsc::UnboundedReceiver<Command>,
    pub lifetime: Lifetime,
    pub state: Teller,
}

/// How it ended.
enum End {
    GivenBack(Option<Release>),
    /// By the client itself.
    Stopped(String),
    /// With its lease, whose own holder tells of that.
    WithItsLease(String),
    Lost(String),
}

impl Held {
    /// Holds it until it is released or lost, or until its lifetime is over.
    pub async fn hold(mut self) -> Option<Leftover> {
        let end = self.until_ended().await;
        if let End::Stopped(why) | End::WithItsLease(why) | End::Lost(why) = &end {
            self.state.0.set(State::Lost(why.as_str().into()));
        }
        // It stays on the server then, for the caller to end. Whatever comes first counts: the
        // caller may let it go in the moment in which the communicator is closed.
        if self.state.0.is_released() {
            if let (Some(turn), Some(place)) = (&self.turn, &self.place) {
                turn.leave(place.revision);
            }
            return None;
        }
        let release = match end {
            End::GivenBack(release) => release,
            End::Stopped(_) | End::WithItsLease(_) => None,
            End::Lost(why) => {
                match self.place.as_ref().filter(|_| !self.lease_ends_with_it) {
                    // Its lease may be there, and has a holder who tells of its loss.
                    Some(place) => {
                        let key = quoted(&place.key);
                        self.transport.stats.report(format!("the key {key} was lost: {why}"));
                    }
                    None => self.transport.stats.lease_lost(self.lease, &why),
                }
                None
            }
        };
        if let Some(kept) = self.kept.as_ref().filter(|_| self.lease_ends_with_it) {
            // It has been renewed since it was acquired, and that is forgotten with its end.
            self.remains = Some(Remains::lease(kept));
            self.state.0.forget_clock();
            // Holders of places on it are told of the loss before it is released.
            kept.end("it was revoked by its holder");
        }
        let Some(remains) = self.remains else {
            self.state.0.set(State::Released);
            return None;
        };
        let told = match release {
            Some(release) => Told::Releaser(release, self.state),
            None => Told::Nobody,
        };
        Some(Leftover { transport: self.transport, remains, told, turn: self.turn })
    }

    async fn until_ended(&mut self) -> End {
        let Self {
            transport,
            kept,
            lease_ends_with_it,
            place,
            commands,
            lifetime,
            state,
            remains,
            ..
        } = self;
        let evicted = async {
            match place {
                Some(place) => waiting_line::until_evicted(transport, place).await,
                None => pending().await,
            }
        };
        let lease_over = async {
            match kept {
                Some(kept) => kept.over().await,
                None => pending().await,
            }
        };
        let life_over = lifetime.over();
        tokio::pin!(evicted, lease_over, life_over);
        let mut listening = true;
        loop {
            tokio::select! {
                biased;
                command = commands.recv(), if listening => match command {
                    Some(Command::Release(release)) => return End::GivenBack(Some(release)),
                    Some(Command::Extended) => {}
                    // Without remains, it is released by its owner, not here.
                    None if remains.is_none() || state.0.is_adopted() => listening = false,
                    Some(Command::Abandon) | None => return End::GivenBack(None),
                },
                ended = &mut life_over => return End::Stopped(ended.loss().into()),
                why = &mut lease_over => {
                    return if *lease_ends_with_it { End::Lost(why) } else { End::WithItsLease(why) };
                }
                // Its time was over by the clock, as a query noticed; or it was let go.
                state = state.0.over() => match state {
                    State::Lost(why) => return End::Lost(why.to_string()),
                    State::Held | State::Released => return End::GivenBack(None),
                },
                () = until(state.0.limit()) => {
                    if let State::Lost(why) = state.0.now() {
                        return End::Lost(why.to_string());
                    }
                }
                () = &mut evicted => return End::Lost("its key was deleted".into()),
            }
        }
    }
}

async fn until(limit: Option<clock::Moment>) {
    match limit {
        Some(end) => clock::sleep_until(end).await,
        None => pending().await,
    }
}

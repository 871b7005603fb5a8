//! A lease that is kept alive for its holder, or a place in a waiting line on such a lease: from
//! its acquisition to its end.

use std::future::{Future, pending};
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::rpc::coordination::held_state::{STOPPED, State, Teller};
use crate::rpc::coordination::leftover::{Leftover, Release, Remains, Told};
use crate::rpc::coordination::waiting_line::{self, Place};
use crate::rpc::lease::clock;
use crate::rpc::lease::keep_alive::KeptLease;
use crate::rpc::transport::Transport;

pub enum Command {
    Release(Release),
    /// Releases it without a reply.
    Abandon,
    /// From now on it ends with its context instead of its handle.
    Adopt,
    /// Leaves it on the server, for the caller to revoke.
    LetGo,
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
    pub commands: mpsc::UnboundedReceiver<Command>,
    pub closing: watch::Receiver<bool>,
    pub state: Teller,
}

/// How it ended.
enum End {
    GivenBack(Option<Release>),
    LetGo,
    /// By the client itself.
    Stopped(&'static str),
    Lost(String),
}

impl Held {
    /// Holds it until it is released or lost, or until `stopping` requires its release.
    pub async fn hold(mut self, stopping: impl Future<Output = ()>) -> Option<Leftover> {
        let end = self.until_ended(stopping).await;
        let release = match end {
            End::LetGo => {
                self.state.0.set(State::Released);
                return None;
            }
            End::GivenBack(release) => release,
            End::Stopped(why) => {
                self.state.0.set(State::Lost(why.into()));
                None
            }
            End::Lost(why) => {
                self.transport.stats.lease_lost(self.lease, &why);
                self.state.0.set(State::Lost(why.into()));
                None
            }
        };
        if let Some(kept) = self.kept.as_ref().filter(|_| self.lease_ends_with_it) {
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
        Some(Leftover { transport: self.transport, remains, told })
    }

    async fn until_ended(&mut self, stopping: impl Future<Output = ()>) -> End {
        let Self { transport, kept, place, commands, closing, state, remains, .. } = self;
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
        tokio::pin!(evicted, lease_over, stopping);
        // Released by its owner, not here.
        let mut adopted = remains.is_none();
        let mut listening = true;
        loop {
            tokio::select! {
                biased;
                command = commands.recv(), if listening => match command {
                    Some(Command::Release(release)) => return End::GivenBack(Some(release)),
                    Some(Command::Adopt) => adopted = true,
                    Some(Command::LetGo) => return End::LetGo,
                    Some(Command::Extended) => {}
                    None if adopted => listening = false,
                    Some(Command::Abandon) | None => return End::GivenBack(None),
                },
                () = closed(closing) => return End::Stopped("the communicator was closed"),
                () = &mut stopping => return End::Stopped(STOPPED),
                why = &mut lease_over => return End::Lost(why),
                // Its time was over by the clock, as a query noticed.
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

pub async fn closed(closing: &mut watch::Receiver<bool>) {
    // The sender is dropped with the last communicator of the context.
    let _ = closing.wait_for(|closing| *closing).await;
}

async fn until(limit: Option<clock::Moment>) {
    match limit {
        Some(end) => clock::sleep_until(end).await,
        None => pending().await,
    }
}

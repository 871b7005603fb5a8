//! The engine's side of a watch.

use tokio::sync::watch;

use crate::bridge::Sender;
use crate::py::communicator;
use crate::py::namespace::Inside;
use crate::py::support::answers::End;
use crate::rpc::error::Error;
use crate::rpc::transport::Deadline;
use crate::rpc::watch::{Notice, Watcher};
use crate::rpc::wire::messages::Event;

/// How far a watch has come.
#[derive(Clone, Default)]
pub(crate) struct Status {
    /// The revision behind which the watch begins, once the server has confirmed it.
    confirmed: Option<i64>,
    end: Option<End>,
}

impl Status {
    /// The revision behind which the watch begins; 0 where that is not known.
    pub(crate) fn begins_behind(&self) -> i64 {
        self.confirmed.unwrap_or_default()
    }

    pub(crate) fn has_come_to(&self, moment: Moment) -> bool {
        match moment {
            Moment::Confirmed => self.confirmed.is_some(),
            Moment::Ended => self.end.is_some(),
        }
    }
}

/// What a program may wait for.
#[derive(Clone, Copy)]
pub(crate) enum Moment {
    Confirmed,
    Ended,
}

/// Waits for a moment, or for the end: then fails where the moment can't come because of it.
pub(crate) async fn until(
    mut status: watch::Receiver<Status>,
    moment: Moment,
) -> Result<(), Error> {
    // The sender goes away with the watch's task, which is the end as well.
    let _ = status.wait_for(|now| now.has_come_to(moment) || now.end.is_some()).await;
    let now = status.borrow();
    match &now.end {
        Some(End::Failed(error)) if !now.has_come_to(moment) => Err(error.clone()),
        _ => Ok(()),
    }
}

/// Reads from the server as fast as the reader takes it.
pub(crate) struct Pump {
    pub(crate) watcher: Watcher,
    pub(crate) sender: Sender<Notice, End>,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) closing: watch::Receiver<bool>,
    pub(crate) inside: Inside,
}

impl Pump {
    pub(crate) async fn run(mut self, deadline: Deadline) {
        let end = self.pass_on(deadline).await;
        self.status.send_modify(|status| status.end = Some(end.clone()));
        self.sender.end(end);
    }

    async fn pass_on(&mut self, deadline: Deadline) -> End {
        let Self { watcher, sender, status, closing, inside } = self;
        let overdue = overdue(status.subscribe(), deadline);
        tokio::pin!(overdue);
        loop {
            tokio::select! {
                biased;
                () = sender.closed() => return End::Finished,
                () = communicator::closed(closing) => return End::Failed(Error::Closed),
                () = &mut overdue => {
                    let trouble = watcher.trouble().map(|why| format!(": {why}"));
                    let message = format!(
                        "the watch was not confirmed within the deadline{}",
                        trouble.unwrap_or_default()
                    );
                    return End::Failed(Error::Timeout(message));
                }
                notice = watcher.next() => {
                    let mut notice = match notice {
                        Ok(notice) => notice,
                        Err(error) => return End::Failed(error),
                    };
                    match &mut notice {
                        Notice::Created { revision } => {
                            status.send_modify(|status| status.confirmed = Some(*revision));
                        }
                        Notice::Events { events, .. } => strip(inside, events),
                        Notice::Progress { .. } => {}
                    }
                    let weight = notice.weight();
                    // A reader that takes its time must not keep a closed context's stream.
                    tokio::select! {
                        biased;
                        sent = sender.send(notice, weight) => {
                            if !sent {
                                return End::Finished;
                            }
                        }
                        () = communicator::closed(closing) => return End::Failed(Error::Closed),
                    }
                }
            }
        }
    }
}

/// Completes when a watch is not confirmed in time.
async fn overdue(status: watch::Receiver<Status>, deadline: Deadline) {
    if let Some(deadline) = deadline {
        tokio::time::sleep_until(deadline).await;
        if status.borrow().confirmed.is_none() {
            return;
        }
    }
    std::future::pending::<()>().await;
}

fn strip(inside: &Inside, events: &mut [Event]) {
    for event in events {
        inside.strip_all(event.kv.iter_mut().chain(&mut event.prev_kv));
    }
}

//! A handle that keeps a lease alive until it is dropped.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::time::timeout_at;

use crate::rpc::error::Error;
use crate::rpc::lease::calls;
use crate::rpc::lease::clock::Moment;
use crate::rpc::lease::keep_alive::keep_alive_task::KeepAlive;
use crate::rpc::lease::keep_alive::news::News;
use crate::rpc::lease::lease_time::LeaseTime;
use crate::rpc::transport::stats::Stats;
use crate::rpc::transport::{Deadline, Transport};
use crate::rpc::wire::messages::LeaseKeepAliveResponse;

pub struct KeptLease {
    pub id: i64,
    places: Mutex<PlaceNumbers>,
    keep_alive: Arc<KeepAlive>,
    time: Arc<LeaseTime>,
    news: watch::Receiver<News>,
}

/// Numbers for the queue entries of locks and elections that share a lease.
#[derive(Default)]
struct PlaceNumbers {
    unused: u64,
    given_back: BTreeSet<u64>,
}

impl KeptLease {
    /// Keeps a lease alive whose grant was requested at `sent`. If the grant took so long that the
    /// next renewal may come too late, the expiry counts as unknown until the lease is confirmed.
    pub fn granted(transport: &Arc<Transport>, id: i64, ttl: i64, sent: Moment) -> Self {
        let time = LeaseTime::granted(ttl, sent);
        let took = Moment::now().since(sent);
        if took < time.ttl() / 2 {
            Self::new(transport, id, time)
        } else {
            let kept = Self::new(transport, id, LeaseTime::unknown(ttl));
            kept.keep_alive.change(|schedule| schedule.answers_take(id, &kept.time, took));
            kept
        }
    }

    /// Keeps a lease alive that was granted elsewhere. Returns after its first renewal.
    pub async fn taken_over(
        transport: &Arc<Transport>,
        id: i64,
        deadline: Deadline,
    ) -> Result<(Self, LeaseKeepAliveResponse), Error> {
        let mut kept = Self::new(transport, id, LeaseTime::unknown(0));
        let response = kept.confirm(deadline).await.map_err(|error| match error {
            Error::Timeout(message) if !kept.keep_alive.change(|schedule| schedule.is_open()) => {
                let errors = transport.pool.last_errors();
                Error::Unreachable(format!("{message}: no member could be reached: {errors}"))
            }
            error => error,
        })?;
        kept.news.mark_unchanged();
        Ok((kept, response))
    }

    fn new(transport: &Arc<Transport>, id: i64, time: LeaseTime) -> Self {
        let keep_alive = transport.service::<KeepAlive>();
        let (time, news) = keep_alive.add(transport, id, time);
        Self { id, places: Mutex::default(), keep_alive, time, news }
    }

    /// What is known of its expiry.
    pub fn time(&self) -> &Arc<LeaseTime> {
        &self.time
    }

    /// Whether its expiry is known.
    pub fn is_confirmed(&self) -> bool {
        self.time.expires().is_some()
    }

    /// When it has certainly expired, unless it is renewed before.
    pub fn expires(&self) -> Moment {
        self.time.expires().unwrap_or_else(|| Moment::now().after(self.time.ttl()))
    }

    /// A number for a queue entry that no other entry of this lease has.
    ///
    /// The lowest one is reused: until it compacts its history, a server keeps every key that has
    /// existed, and scans all of them to find the first entry of a queue.
    pub fn next_place(&self) -> u64 {
        let mut numbers = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        numbers.given_back.pop_first().unwrap_or_else(|| {
            numbers.unused += 1;
            numbers.unused - 1
        })
    }

    /// Allows a number to be reused. Its queue entry must certainly be gone.
    pub fn give_back_place(&self, number: u64) {
        let mut numbers = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        numbers.given_back.insert(number);
    }

    /// Stops renewing the lease once it lasts until `end`.
    pub fn last_until(&self, end: Moment) {
        self.keep_alive.change(|schedule| schedule.last_until(self.id, &self.time, end));
    }

    /// Ends the lease. All holders have been notified when this returns.
    pub fn end(&self, why: &str) {
        self.keep_alive.change(|schedule| schedule.end(self.id, &self.time, why));
    }

    /// Renews the lease, and waits for the answer to a renewal that is sent from now on.
    pub async fn confirm(&self, deadline: Deadline) -> Result<LeaseKeepAliveResponse, Error> {
        let since = Moment::now();
        self.keep_alive.change(|schedule| schedule.renew_now(self.id, &self.time));
        let mut news = self.news.clone();
        let confirmed = async {
            let told = news.wait_for(|news| {
                let is_new = |at: Moment| at >= since;
                news.over
                    || news.renewed.is_some_and(|(sent, _)| is_new(sent))
                    || news.refused.as_ref().is_some_and(|(at, _)| is_new(*at))
            });
            // The sender is dropped only with the lease, and sends `over` before that.
            told.await.map_or_else(|_| News { over: true, ..News::default() }, |news| news.clone())
        };
        let news = match deadline {
            None => confirmed.await,
            Some(deadline) => timeout_at(deadline, confirmed).await.map_err(|_| {
                Error::Timeout("LeaseKeepAlive: no answer within the deadline".into())
            })?,
        };
        match news {
            News { not_found: true, .. } => Err(calls::not_found()),
            News { over: true, .. } => Err(Error::LeaseLost(self.lost())),
            News { renewed: Some((sent, response)), .. } if sent >= since => Ok(response),
            News { refused: Some((_, error)), .. } => Err(error),
            News { .. } => Err(Error::LeaseLost(self.lost())),
        }
    }

    /// The next renewal, or the reason why there will not be any more. Cancel safe.
    pub async fn renewed(&mut self) -> Result<LeaseKeepAliveResponse, String> {
        loop {
            let told = self.news.changed().await;
            let news = self.news.borrow_and_update();
            match news.renewed {
                _ if told.is_err() || news.over => break,
                Some((_, response)) if news.refused.is_none() => return Ok(response),
                _ => {}
            }
        }
        Err(self.why())
    }

    /// Waits until the lease is over; returns the reason.
    pub async fn over(&self) -> String {
        // An error means that the sender was dropped with the lease.
        let _ = self.news.clone().wait_for(|news| news.over).await;
        self.why()
    }

    fn why(&self) -> String {
        self.time.over().map_or_else(|| "it is kept no more".into(), |why| why.to_string())
    }

    fn lost(&self) -> String {
        format!("the lease {:x} was lost: {}", self.id, self.why())
    }
}

impl Drop for KeptLease {
    fn drop(&mut self) {
        self.keep_alive.change(|schedule| schedule.remove(self.id, &self.time));
    }
}

/// Renews a lease once.
pub async fn renew_once(
    transport: &Arc<Transport>,
    id: i64,
    deadline: Deadline,
) -> Result<LeaseKeepAliveResponse, Error> {
    Stats::count(&transport.stats.requests);
    let _in_flight = transport.stats.in_flight();
    KeptLease::taken_over(transport, id, deadline).await.map(|(_, response)| response)
}

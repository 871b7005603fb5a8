//! A lease that is kept alive for as long as this handle lives.

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

/// The numbers of the places in waiting lines that are taken with a lease.
#[derive(Default)]
struct PlaceNumbers {
    unused: u64,
    given_back: BTreeSet<u64>,
}

impl KeptLease {
    /// Keeps a lease alive whose grant was asked for at `sent`. Where it took so long that the
    /// next renewal may come too late, nothing is known of its end before it is `confirmed`.
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

    /// Keeps a lease alive that was granted elsewhere, from its first renewal on.
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

    /// What is known of its end.
    pub fn time(&self) -> &Arc<LeaseTime> {
        &self.time
    }

    /// Whether it is known when it ends.
    pub fn is_confirmed(&self) -> bool {
        self.time.expires().is_some()
    }

    /// When it has ended, whatever comes.
    pub fn expires(&self) -> Moment {
        self.time.expires().unwrap_or_else(|| Moment::now().after(self.time.ttl()))
    }

    /// A number that no other place in a waiting line has that was taken with it.
    ///
    /// The least one: a server remembers every key that there ever was until it compacts its
    /// history, and goes through all of them for the first one in a line.
    pub fn next_place(&self) -> u64 {
        let mut numbers = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        numbers.given_back.pop_first().unwrap_or_else(|| {
            numbers.unused += 1;
            numbers.unused - 1
        })
    }

    /// Lets another place have the number of one that is gone for certain.
    pub fn give_back_place(&self, number: u64) {
        let mut numbers = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        numbers.given_back.insert(number);
    }

    /// Lets it end at that time rather than renew it further.
    pub fn last_until(&self, end: Moment) {
        self.keep_alive.change(|schedule| schedule.last_until(self.id, &self.time, end));
    }

    /// Says that it is over; all who hold it are told before this returns.
    pub fn end(&self, why: &str) {
        self.keep_alive.change(|schedule| schedule.end(self.id, &self.time, why));
    }

    /// Waits for a renewal that is sent from now on.
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
            // The sender goes away with the lease only, which is told before.
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

    /// The next renewal; why it is over where there is none any more. Can be dropped and called
    /// again.
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

    /// Waits until it is over; says why.
    pub async fn over(&self) -> String {
        // The sender goes away with the lease only.
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

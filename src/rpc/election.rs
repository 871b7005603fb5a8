//! The server's election service.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::backoff;
use super::connection::Stream;
use super::error::{Error, Failure};
use super::messages::{
    CampaignRequest, CampaignResponse, HeaderOnly, LeaderKey, LeaderRequest, LeaderResponse,
    ProclaimRequest, ResignRequest,
};
use super::method;
use super::stats::Stats;
use super::status::{Meaning, Status};
use super::transport::{Deadline, StreamOrigin, Transport, conclude};
use super::wire;

const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// A stream that lived so long was a good one: the next failure is a first one again.
const STABLE_AFTER: Duration = Duration::from_secs(5);

impl Transport {
    /// Waits until the election is won.
    pub async fn campaign(
        &self,
        request: &CampaignRequest,
        deadline: Deadline,
    ) -> Result<CampaignResponse, Error> {
        self.call(&method::CAMPAIGN, wire::frame(request), deadline).await
    }

    pub async fn proclaim(
        &self,
        leader: LeaderKey,
        value: Vec<u8>,
        deadline: Deadline,
    ) -> Result<HeaderOnly, Error> {
        let request = wire::frame(&ProclaimRequest { leader: Some(leader), value });
        self.call(&method::PROCLAIM, request, deadline).await
    }

    pub async fn leader(&self, name: Vec<u8>, deadline: Deadline) -> Result<LeaderResponse, Error> {
        self.call(&method::LEADER, wire::frame(&LeaderRequest { name }), deadline).await
    }

    pub async fn resign(&self, leader: LeaderKey, deadline: Deadline) -> Result<HeaderOnly, Error> {
        let request = wire::frame(&ResignRequest { leader: Some(leader) });
        self.call(&method::RESIGN, request, deadline).await
    }
}

/// Follows the leaders of an election from the present one on, and goes on after the loss of its
/// stream. Of proclamations in quick succession some may be left out, never the latest.
pub struct Observer {
    transport: Arc<Transport>,
    name: Vec<u8>,
    link: Option<(Stream, StreamOrigin)>,
    opened_at: Instant,
    failures: u32,
    token_renewed: bool,
    /// Why there is another stream than the first.
    trouble: Option<String>,
    /// The key and the revision that were told last: a new stream begins by telling them again.
    last: Option<(bytes::Bytes, i64)>,
}

impl Observer {
    pub fn new(transport: Arc<Transport>, name: Vec<u8>) -> Self {
        Self {
            transport,
            name,
            link: None,
            opened_at: Instant::now(),
            failures: 0,
            token_renewed: false,
            trouble: None,
            last: None,
        }
    }

    /// The next leader, or the next value of the same one. Can be dropped and called again.
    pub async fn next(&mut self) -> Result<LeaderResponse, Error> {
        loop {
            let Some((stream, _)) = &mut self.link else {
                self.open().await?;
                continue;
            };
            match stream.message().await {
                Ok(Some(message)) => {
                    let response: LeaderResponse = wire::decode(message)
                        .map_err(|failure| conclude(failure, &method::OBSERVE))?;
                    self.resumed();
                    let kv = response.kv.clone().unwrap_or_default();
                    let told = Some((kv.key, kv.mod_revision));
                    if self.last != told {
                        self.last = told;
                        return Ok(response);
                    }
                }
                // So it does where a watch of its own has failed.
                Ok(None) => self.lost("the server ended the stream"),
                Err(Failure::NeverSent(why) | Failure::Broken(why)) => self.lost(&why),
                Err(Failure::Server(status)) => self.refused(status)?,
                Err(failure @ Failure::Unusable(_)) => {
                    return Err(conclude(failure, &method::OBSERVE));
                }
            }
        }
    }

    async fn open(&mut self) -> Result<(), Error> {
        if self.failures > 0 {
            sleep(backoff::delay(self.failures - 1, FIRST_PAUSE, LONGEST_PAUSE)).await;
        }
        let request = wire::frame(&LeaderRequest { name: self.name.clone() });
        let link = self.transport.stream(&method::OBSERVE, request, true, None).await?;
        self.opened_at = Instant::now();
        self.link = Some(link);
        Ok(())
    }

    /// Decides between another stream and the end.
    fn refused(&mut self, status: Status) -> Result<(), Error> {
        match status.meaning() {
            Meaning::RenewToken if !self.token_renewed => {
                self.token_renewed = true;
                let renewed =
                    self.link.take().is_some_and(|(_, origin)| origin.renew_token(&self.transport));
                if renewed { Ok(()) } else { Err(Error::Server(status)) }
            }
            Meaning::Refused | Meaning::RenewToken => Err(Error::Server(status)),
            Meaning::TryElsewhere => {
                if let Some((_, origin)) = &self.link {
                    origin.shun(&self.transport, &status.message);
                }
                self.lost(&status.message);
                Ok(())
            }
            Meaning::Unclear => {
                self.lost(&status.message);
                Ok(())
            }
        }
    }

    fn resumed(&mut self) {
        self.token_renewed = false;
        if let Some(why) = self.trouble.take()
            && self.last.is_some()
        {
            Stats::count(&self.transport.stats.resumes);
            self.transport.stats.report(format!("an observer of an election resumes: {why}"));
        }
    }

    fn lost(&mut self, why: &str) {
        self.trouble = Some(why.to_owned());
        if self.opened_at.elapsed() >= STABLE_AFTER {
            self.failures = 0;
        }
        self.failures += 1;
        self.link = None;
    }
}

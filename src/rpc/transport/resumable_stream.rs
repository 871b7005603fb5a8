//! A stream that is replaced when it is lost: decides when to retry, and when to give up.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep};

use crate::rpc::connection::Stream;
use crate::rpc::error::grpc_status::PERMISSION_DENIED;
use crate::rpc::error::{Error, Failure, GrpcStatus, Meaning, WrongServer};
use crate::rpc::telemetry::Event;
use crate::rpc::transport::CallOptions;
use crate::rpc::transport::backoff;
use crate::rpc::transport::open::Transport;
use crate::rpc::transport::request::Request;
use crate::rpc::transport::retry::conclude;
use crate::rpc::transport::stats::Stats;
use crate::rpc::transport::stream_origin::StreamOrigin;
use crate::rpc::wire::method::Method;

const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// After a stream has lived this long, the backoff starts anew.
const STABLE_AFTER: Duration = Duration::from_secs(5);

pub struct Resumable {
    transport: Arc<Transport>,
    method: &'static Method,
    /// Whether the client sends nothing after the request.
    last: bool,
    options: CallOptions,
    present: Option<(Stream, StreamOrigin)>,
    opened_at: Instant,
    failures: u32,
    token_renewed: bool,
    /// Whether any stream has worked so far.
    worked: bool,
    /// Why the last stream was lost, until a new one works.
    trouble: Option<String>,
}

impl Resumable {
    pub fn new(transport: Arc<Transport>, method: &'static Method, last: bool) -> Self {
        Self {
            transport,
            method,
            last,
            options: CallOptions::from(None),
            present: None,
            opened_at: Instant::now(),
            failures: 0,
            token_renewed: false,
            worked: false,
            trouble: None,
        }
    }

    /// The same, which fails if no member can be reached, unless it is to wait for one.
    #[must_use]
    pub fn waiting_for_ready(self, wait_for_ready: bool) -> Self {
        Self { options: CallOptions { wait_for_ready, ..self.options }, ..self }
    }

    pub fn transport(&self) -> &Transport {
        &self.transport
    }

    /// The current stream. If there is none, `open` has to be called.
    pub fn present(&mut self) -> Option<&mut (Stream, StreamOrigin)> {
        self.present.as_mut()
    }

    /// Opens the next stream, after a backoff if the last one was lost.
    pub async fn open(&mut self, frame: Bytes) -> Result<(), Error> {
        if self.failures > 0 {
            sleep(backoff::delay(self.failures - 1, FIRST_PAUSE, LONGEST_PAUSE)).await;
        }
        let request = Request { method: self.method, frame: frame.into() };
        let opened = self.transport.stream(request, self.last, self.options).await?;
        self.opened_at = Instant::now();
        self.present = Some(opened);
        Ok(())
    }

    /// The next message of the current stream; `None` if the stream has just been lost. Cancel
    /// safe.
    pub async fn message(&mut self) -> Result<Option<Bytes>, Error> {
        let Some((stream, origin)) = &mut self.present else { return Ok(None) };
        let received = tokio::select! {
            biased;
            received = stream.message() => received,
            () = origin.retired() => {
                self.lost("its endpoint is not to be used any more");
                return Ok(None);
            }
        };
        match received {
            Ok(Some(message)) => return Ok(Some(message)),
            Ok(None) => self.lost("the server ended the stream"),
            Err(Failure::NeverSent(why) | Failure::Broken(why)) => self.lost(&why),
            Err(Failure::Server(status)) => self.refused(status)?,
            Err(Failure::WrongServer { server, unsent }) => self.strange(server, unsent)?,
            Err(failure @ Failure::Unusable(_)) => return Err(conclude(failure, self.method)),
        }
        Ok(None)
    }

    /// Checks that an answer inside of a message comes from the cluster. If not, the stream is
    /// lost.
    pub fn checks(&mut self, answer: &[u8]) -> Result<bool, Error> {
        let Some((stream, _)) = &self.present else { return Ok(false) };
        match stream.check(answer) {
            Ok(()) => Ok(true),
            Err(Failure::WrongServer { server, unsent }) => {
                self.strange(server, unsent).map(|()| false)
            }
            Err(failure) => Err(conclude(failure, self.method)),
        }
    }

    /// Drops the current stream, which is not one of the cluster; fails if no endpoint leads there.
    fn strange(&mut self, server: WrongServer, unsent: bool) -> Result<(), Error> {
        let origin = self.present.as_ref().map(|(_, origin)| origin);
        if !origin.is_some_and(|origin| origin.refuse(&self.transport, &server)) {
            return Err(conclude(Failure::WrongServer { server, unsent }, self.method));
        }
        self.lost(server.message());
        Ok(())
    }

    /// Drops the current stream, whose member should have answered.
    pub fn move_on(&mut self, why: &str) {
        if let Some((_, origin)) = &self.present {
            origin.is_silent(&self.transport, why);
        }
        self.replace(why);
    }

    /// Notes that the current stream works, and reports it if it replaces one that had worked.
    pub fn works(&mut self, what: impl FnOnce() -> String) {
        self.token_renewed = false;
        let resumes = std::mem::replace(&mut self.worked, true);
        if let Some(why) = self.trouble.take()
            && resumes
        {
            Stats::count(&self.transport.stats.resumes);
            let what = what();
            self.transport.stats.report(format!("{what}: {why}"));
            self.transport.stats.tell(|| Event::StreamResumed { what, why });
        }
    }

    /// A status that the current stream's messages tell of, as an answer of its member.
    pub fn answer(&self, status: GrpcStatus) -> GrpcStatus {
        match &self.present {
            Some((_, origin)) => status.of(self.method.full_name(), origin.endpoint()),
            None => status,
        }
    }

    /// Why the last stream was lost; `None` once a new one works.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// How many streams were lost in quick succession.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Drops the current stream, though it has not failed, so that another one is opened.
    pub fn replace(&mut self, why: &str) {
        if self.present.take().is_some() {
            self.trouble = Some(why.to_owned());
        }
    }

    /// Discards the token, so that the next stream uses a new one. False if there is no use in
    /// that.
    pub fn renew_token(&self) -> bool {
        self.present.as_ref().is_some_and(|(_, origin)| origin.renew_token(&self.transport))
    }

    /// Handles an error status: returns it if it is final, otherwise drops the stream.
    pub fn refused(&mut self, status: GrpcStatus) -> Result<(), Error> {
        // Old servers answer an outdated token with "permission denied" as well.
        let token = status.meaning() == Meaning::RenewToken || status.code == PERMISSION_DENIED;
        if token && !self.token_renewed {
            self.token_renewed = true;
            let given_up = self.present.take_if(|(_, origin)| origin.renew_token(&self.transport));
            if given_up.is_some() {
                self.trouble = Some(status.message);
                return Ok(());
            }
        }
        match (status.meaning(), &self.present) {
            (Meaning::Refused | Meaning::RenewToken, _) => return Err(Error::Server(status)),
            (Meaning::TryElsewhere | Meaning::TryLater, Some((_, origin))) => {
                origin.shun(&self.transport, &status.message);
            }
            (Meaning::TryElsewhere | Meaning::TryLater | Meaning::Unclear, _) => {}
        }
        self.lost(&status.message);
        Ok(())
    }

    fn lost(&mut self, why: &str) {
        self.trouble = Some(why.to_owned());
        if self.opened_at.elapsed() >= STABLE_AFTER {
            self.failures = 0;
        }
        self.failures += 1;
        self.present = None;
    }
}

//! The rest of a range at one revision, streamed by the server: etcd 3.7's `RangeStream`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use etcd_client::proto::PbRangeRequest;
use tokio::time::{Instant, timeout_at};

use crate::rpc::error::grpc_status::{INTERNAL, UNIMPLEMENTED};
use crate::rpc::error::{Error, GrpcStatus};
use crate::rpc::transport::Transport;
use crate::rpc::transport::resumable_stream::Resumable;
use crate::rpc::wire;
use crate::rpc::wire::fields::Malformed;
use crate::rpc::wire::method;
use crate::rpc::wire::range_reply::{RangeReply, range_stream_part};

/// The most pairs of a part: the program's loop makes objects of all of them at once.
const MOST_PAIRS: usize = 1000;
/// How long a member may take for a part before another one is asked instead.
const PATIENCE: Duration = Duration::from_secs(2);
/// The end of a range that has none.
const NO_END: &[u8] = b"\0";

/// Whether the members of a cluster stream ranges, as far as is known.
#[derive(Default)]
pub struct Support {
    /// How many connections had been made when a member refused to; 0 if none has refused. A later
    /// connection may lead to a member that does, as while the servers are upgraded.
    refused_at: AtomicU64,
}

impl Support {
    /// Whether it is worth while to ask.
    pub fn is_likely(&self, transport: &Transport) -> bool {
        let refused_at = self.refused_at.load(Ordering::Relaxed);
        refused_at == 0 || refused_at != transport.stats.connects.load(Ordering::Relaxed)
    }

    fn refused(&self, transport: &Transport) {
        let connects = transport.stats.connects.load(Ordering::Relaxed);
        self.refused_at.store(connects, Ordering::Relaxed);
    }
}

/// Whether an error says that the server cannot stream a range, so that it has to be read in pages.
fn is_unsupported(error: &Error) -> bool {
    matches!(error, Error::Server(status) if status.code == UNIMPLEMENTED)
}

pub struct RangeStream {
    /// Its key moves on with what has come; its revision is fixed.
    rest: PbRangeRequest,
    /// The length of the namespace's prefix on each key.
    namespace: usize,
    stream: Resumable,
    /// What has come and was not returned.
    ready: VecDeque<RangeReply>,
    /// How long a message may take.
    timeout: Option<Duration>,
    /// Whether to ask another member where one is slow. Not where the line is.
    impatient: bool,
    finished: bool,
}

impl RangeStream {
    pub fn new(
        transport: Arc<Transport>,
        rest: PbRangeRequest,
        namespace: usize,
        timeout: Option<Duration>,
        wait_for_ready: bool,
    ) -> Self {
        let method = if rest.serializable {
            &method::SERIALIZABLE_RANGE_STREAM
        } else {
            &method::RANGE_STREAM
        };
        let stream = Resumable::new(transport, method, true).waiting_for_ready(wait_for_ready);
        let ready = VecDeque::new();
        Self { rest, namespace, stream, ready, timeout, impatient: true, finished: false }
    }

    /// The next part, which has at least one pair; `None` after the last one.
    pub async fn next(&mut self) -> Result<Option<RangeReply>, Error> {
        if self.ready.is_empty() {
            let deadline = self.timeout.map(|timeout| Instant::now() + timeout);
            let receiving = self.receive();
            match deadline {
                None => receiving.await?,
                Some(deadline) => match timeout_at(deadline, receiving).await {
                    Ok(received) => received?,
                    Err(_) => return Err(self.late()),
                },
            }
        }
        Ok(self.ready.pop_front())
    }

    /// Receives until there is something to return, or nothing more.
    async fn receive(&mut self) -> Result<(), Error> {
        while self.ready.is_empty() && !self.finished {
            if self.stream.present().is_none() {
                self.stream.open(wire::frame(&self.rest)).await?;
            }
            if let Some(message) = self.message().await?
                && self.accept(&message)?
            {
                self.stream.works(|| "a scan goes on behind its last key".into());
            }
        }
        Ok(())
    }

    /// The next message; `None` if the stream was lost or is given up.
    async fn message(&mut self) -> Result<Option<Bytes>, Error> {
        let asked_at = Instant::now();
        if self.impatient && self.stream.transport().pool.has_several_peers() {
            let patience = asked_at + self.timeout.map_or(PATIENCE, |all| PATIENCE.min(all / 2));
            match timeout_at(patience, self.stream.message()).await {
                Ok(received) => return self.refusal_noted(received),
                Err(_) => self.stream.move_on("it leaves a scan without an answer"),
            }
            self.impatient = false;
            return Ok(None);
        }
        let received = self.stream.message().await;
        // It was the member that was slow before, not the line.
        self.impatient |= asked_at.elapsed() < PATIENCE;
        self.refusal_noted(received)
    }

    fn refusal_noted(
        &self,
        received: Result<Option<Bytes>, Error>,
    ) -> Result<Option<Bytes>, Error> {
        if received.as_ref().is_err_and(is_unsupported) {
            let transport = self.stream.transport();
            transport.service::<Support>().refused(transport);
        }
        received
    }

    /// Takes what a message has; false if it does not come from the cluster.
    fn accept(&mut self, message: &Bytes) -> Result<bool, Error> {
        let part = range_stream_part(message).map_err(|Malformed| malformed("it is none"))?;
        if !self.stream.checks(&part)? {
            return Ok(false);
        }
        let part = RangeReply::new(part, self.namespace);
        let end = part.end_of_stream().map_err(|Malformed| malformed("it is none"))?;
        if end.is_some_and(|more| more) {
            return Err(malformed("it is the last one, but there is more"));
        }
        if let Some(next) = self.after(&part)? {
            self.rest.key = next;
        }
        self.finished = end.is_some();
        self.ready.extend(part.split(MOST_PAIRS).map_err(|Malformed| malformed("it is none"))?);
        Ok(true)
    }

    /// The first key that there can be after a part; `None` if it has no pair.
    fn after(&self, part: &RangeReply) -> Result<Option<Vec<u8>>, Error> {
        let mut last: Option<&[u8]> = None;
        for key in part.whole_keys() {
            let key = key.map_err(|Malformed| malformed("it is none"))?;
            let is_next = last.map_or(key >= self.rest.key.as_slice(), |last| key > last);
            if !is_next {
                return Err(malformed("its keys are not those that come next"));
            }
            last = Some(key);
        }
        let end = self.rest.range_end.as_slice();
        if end != NO_END && last.is_some_and(|last| last >= end) {
            return Err(malformed("its keys are not all of the range"));
        }
        // The first key that there can be after another is that one and a zero byte.
        Ok(last.map(|last| [last, b"\0"].concat()))
    }

    fn late(&mut self) -> Error {
        let pool = Arc::clone(&self.stream.transport().pool);
        if self.stream.present().is_none() && !pool.is_connected() {
            let errors = pool.last_errors();
            let what = "no member could be reached within the deadline";
            return Error::Unreachable(format!("RangeStream: {what}: {errors}"));
        }
        let trouble = self.stream.trouble().map(|why| format!(", and before: {why}"));
        let trouble = trouble.unwrap_or_default();
        self.stream.move_on("it leaves a scan without an answer");
        Error::Timeout(format!("RangeStream: no answer within the deadline{trouble}"))
    }
}

fn malformed(why: &str) -> Error {
    Error::Server(GrpcStatus::new(INTERNAL, format!("malformed part of a scan: {why}")))
}

//! The task that runs one watch stream.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::time::{Instant, sleep_until};

use crate::rpc::error::Error;
use crate::rpc::error::grpc_status::OUT_OF_RANGE;
use crate::rpc::transport::resumable_stream::Resumable;
use crate::rpc::watch::inbox::{SLOW, Word};
use crate::rpc::watch::multiplexer::checks::{Checked, Checks};
use crate::rpc::watch::multiplexer::group::Group;
use crate::rpc::watch::multiplexer::placement::{Kind, Multiplexer, Order};
use crate::rpc::watch::requests;
use crate::rpc::wire::method;

/// How often to check whether a slow reader keeps up again.
const LOOK: Duration = Duration::from_secs(1);
/// How many messages are handled before orders and words have their turn.
const AT_ONCE: usize = 64;

pub struct SharedStream {
    pub(super) stream: Resumable,
    pub(super) group: Group,
    pub(super) checks: Checks,
    /// Whether the current stream has created any range.
    pub(super) works: bool,
}

/// The next thing to handle.
enum Step {
    Order(Order),
    Word(Word),
    Message(Result<Option<Bytes>, Error>),
    Checked(Checked),
    Time,
}

impl Default for Multiplexer {
    fn default() -> Self {
        Self::new(|opening| drop(tokio::spawn(SharedStream::new(Group::new(opening)).run())))
    }
}

impl SharedStream {
    fn new(group: Group) -> Self {
        let transport = Arc::clone(&group.transport);
        Self {
            stream: Resumable::new(transport, &method::WATCH, false),
            group,
            checks: Checks::default(),
            works: false,
        }
    }

    /// Runs until the stream has no watches.
    async fn run(mut self) {
        let _counted = self.group.transport.stats.gauge(|stats| &stats.watch_streams);
        loop {
            if !self.group.members.is_empty() {
                if let Err(error) = self.turn().await {
                    self.fail(&error);
                }
                continue;
            }
            let Group { number, multiplexer, orders, .. } = &mut self.group;
            let Some(order) = multiplexer.retire(*number, orders) else { return };
            self.group.obey(order);
        }
    }

    async fn turn(&mut self) -> Result<(), Error> {
        if self.stream.present().is_none() {
            return self.open().await;
        }
        self.send();
        match self.next().await {
            Step::Order(order) => {
                self.group.obey(order);
                // Orders often come in bulk.
                while let Ok(order) = self.group.orders.try_recv() {
                    self.group.obey(order);
                }
            }
            Step::Word(word) => {
                self.group.hear(word);
                while let Ok(word) = self.group.words.try_recv() {
                    self.group.hear(word);
                }
            }
            Step::Message(message) => self.receive(message)?,
            Step::Checked(checked) => self.checked(checked),
            Step::Time => {}
        }
        Ok(())
    }

    /// Handles a message, and those that have arrived with it.
    fn receive(&mut self, first: Result<Option<Bytes>, Error>) -> Result<(), Error> {
        let (mut next, mut handled) = (Some(first), 0);
        while let Some(message) = next {
            let Some(message) = message? else {
                self.lost();
                break;
            };
            self.accept(message)?;
            handled += 1;
            // For a slow reader, it is checked before each message whether there is room for it.
            let goes_on = handled < AT_ONCE && self.group.kind != Kind::Own;
            next = if goes_on && self.stream.present().is_some() {
                self.stream.message().now_or_never()
            } else {
                None
            };
        }
        Ok(())
    }

    /// Opens the next stream and sends the first request on it.
    async fn open(&mut self) -> Result<(), Error> {
        self.group.begin_again();
        self.checks = Checks::default();
        self.works = false;
        let Some(first) = self.group.members.requests() else {
            return Err(Error::Connection("there is nothing to watch".into()));
        };
        self.until_open(first).await?;
        if let Some((_, origin)) = self.stream.present() {
            self.group.multiplexer.allows(origin.streams_allowed());
        }
        Ok(())
    }

    /// Waits until the stream is open, or all watches are gone.
    async fn until_open(&mut self, first: Bytes) -> Result<(), Error> {
        let Self { stream, group, .. } = self;
        let opening = stream.open(first);
        tokio::pin!(opening);
        loop {
            tokio::select! {
                biased;
                Some(order) = group.orders.recv() => group.obey(order),
                Some(word) = group.words.recv() => group.hear(word),
                outcome = &mut opening => return outcome,
            }
            if group.members.is_empty() {
                return Ok(());
            }
        }
    }

    async fn next(&mut self) -> Step {
        let Self { stream, group, checks, .. } = self;
        let apart = if group.kind == Kind::Own { group.members.only() } else { None };
        let inbox = apart.map(|(_, subscription)| Arc::clone(&subscription.inbox));
        let is_full = inbox.as_ref().is_some_and(|inbox| inbox.is_full());
        let look = (group.kind == Kind::Own).then(|| Instant::now() + LOOK);
        let time = [group.progress.due(), look].into_iter().flatten().min();
        let room = async {
            match inbox {
                Some(inbox) => inbox.falls_to(SLOW / 2).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            Some(order) = group.orders.recv() => Step::Order(order),
            Some(word) = group.words.recv() => Step::Word(word),
            message = stream.message(), if !is_full => Step::Message(message),
            () = room, if is_full => Step::Time,
            checked = checks.next() => Step::Checked(checked),
            () = sleep_until(time.unwrap_or_else(Instant::now)), if time.is_some() => Step::Time,
        }
    }

    /// Sends all requests that are due.
    fn send(&mut self) {
        self.group.review_own();
        let Some((stream, origin)) = self.stream.present() else { return };
        // If sending fails, reading from the stream reports why.
        while let Some(requests) = self.group.members.requests() {
            let _ = stream.send(requests);
        }
        let progress = &mut self.group.progress;
        match progress.trusted() {
            _ if progress.due().is_none() => {}
            Some(false) => progress.forget(),
            Some(true) => {
                if progress.is_time(self.group.members.confirmations()) {
                    let _ = stream.send(requests::progress());
                    self.group.await_progress();
                }
            }
            None => {
                let origin = origin.clone();
                progress.forget();
                let question = async move || origin.orders_progress().await;
                self.checks.ask_for_order(question);
            }
        }
    }

    /// Records why the stream was lost in the watches that are not confirmed yet.
    pub(super) fn lost(&mut self) {
        let Some(trouble) = self.stream.trouble().map(Arc::<str>::from) else { return };
        for subscription in self.group.members.iter_mut() {
            if !subscription.was_confirmed() {
                subscription.inbox.set_trouble(&trouble);
            }
        }
    }

    /// Ends the watches of a stream that has failed for good. If a message was too large, only the
    /// watch that it was for is to end.
    fn fail(&mut self, error: &Error) {
        // Which watch that is only becomes clear once it is alone, so the stream is split.
        if is_too_large(error) && self.group.members.count() > 1 {
            self.group.split();
        } else {
            self.group.end_all(error);
        }
        self.stream.replace(&error.to_string());
    }
}

/// Whether a message was larger than the client accepts.
fn is_too_large(error: &Error) -> bool {
    matches!(error, Error::Server(status)
        if status.code == OUT_OF_RANGE && status.server_error().is_none())
}

//! Handles the messages that a server sends on a watch stream.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use crate::rpc::error::grpc_status::{OUT_OF_RANGE, PERMISSION_DENIED};
use crate::rpc::error::{Error, GrpcStatus, Meaning};
use crate::rpc::transport::{backoff, conclude};
use crate::rpc::watch::cancel_status::cancel_status;
use crate::rpc::watch::multiplexer::checks::Checked;
use crate::rpc::watch::multiplexer::creates::RangeOf;
use crate::rpc::watch::multiplexer::members::Answer;
use crate::rpc::watch::multiplexer::placement::Kind;
use crate::rpc::watch::multiplexer::shared_stream::SharedStream;
use crate::rpc::wire;
use crate::rpc::wire::messages::WatchResponse;
use crate::rpc::wire::method;

/// How often in a row a server may cancel a watch for a reason that is no known etcd error.
const UNKNOWN_REASONS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Smaller messages are copied. Otherwise a few bytes that wait for their reader would keep the
/// whole receive buffer in memory, with the data of other watches.
const SMALL: usize = 1 << 12;

impl SharedStream {
    pub(super) fn accept(&mut self, message: Bytes) -> Result<(), Error> {
        let message =
            if message.len() < SMALL { Bytes::copy_from_slice(&message) } else { message };
        let response = WatchResponse::parse(&message).map_err(|malformed| {
            conclude(wire::protocol_error(&malformed.to_string()), &method::WATCH)
        })?;
        let header = response.header.unwrap_or_default();
        if header.cluster_id != 0 {
            self.group.multiplexer.hears(header.revision);
        }
        if response.created {
            self.created(&response);
        } else if response.canceled {
            if let Some(range) = self.group.members.range_of(response.watch_id) {
                self.canceled(range.key, cancel_status(&response));
            }
        } else if response.watch_id < 0 {
            self.progressed(header.revision);
        } else if let Some(range) = self.group.members.range_of(response.watch_id) {
            self.tell(range, response);
        }
        Ok(())
    }

    fn created(&mut self, response: &WatchResponse) {
        match self.group.members.answered(response) {
            Ok(Answer::Nothing) => {}
            Ok(Answer::Part) => self.note_work(),
            Ok(Answer::Created(key)) => {
                self.note_work();
                self.note_doubt(key);
                self.group.place_created(key);
            }
            Ok(Answer::Refused(key)) => self.canceled(key, cancel_status(response)),
            Err(_) => self.stream.replace("the server answers in an order of its own"),
        }
    }

    /// Notes that the stream works, and reports it if it replaces one that had worked.
    fn note_work(&mut self) {
        if std::mem::replace(&mut self.works, true) {
            return;
        }
        let members = &self.group.members;
        self.stream.works(|| match members.only() {
            Some((_, only)) => format!("a watch resumes at revision {}", only.next_revision()),
            None => format!("{} watches resume", members.count()),
        });
    }

    /// Starts a read of the cluster's revision if the watch has seen a later revision than this
    /// member's.
    fn note_doubt(&mut self, key: u64) {
        let Some(subscription) = self.group.members.get(key) else { return };
        if subscription.doubted.is_some() {
            let (transport, key) = (self.group.transport.clone(), subscription.key());
            let question = async move || transport.cluster_revision(key).await;
            self.checks.ask_for_revision(question);
        }
    }

    pub(super) fn checked(&mut self, checked: Checked) {
        match checked {
            Checked::OrdersProgress(Ok(trusted)) => {
                self.group.progress.set_trusted(trusted);
                self.group.progress.ask_soon();
            }
            // The stream has failed, and will be replaced.
            Checked::OrdersProgress(Err(_)) => {}
            Checked::ClusterRevision(revision) => self.know_revision(revision),
        }
    }

    /// Ends the watches that have seen a later revision than the cluster has. One member may be
    /// behind, but the whole cluster is only if it was restored from a backup, or created anew.
    fn know_revision(&mut self, revision: Option<i64>) {
        let mut lost = Vec::new();
        for key in self.group.members.keys() {
            let Some(subscription) = self.group.members.get(key) else { continue };
            // Without a revision to compare with, the watch is given the benefit of the doubt.
            if let (Some(told), Some(revision)) = (subscription.doubted.take(), revision)
                && revision < told
            {
                lost.push((key, told));
            }
        }
        let Some(told) = lost.iter().map(|&(_, told)| told).max() else { return };
        let why = "it was restored from a backup, or begun anew";
        let report = format!("the cluster is not at revision {told} yet: {why}");
        self.group.transport.stats.report(report);
        let message = "etcdserver: mvcc: required revision is a future revision";
        for (key, _) in lost {
            let status = GrpcStatus::new(OUT_OF_RANGE, message);
            self.group.end(key, Error::Server(status));
        }
    }

    fn tell(&mut self, range: RangeOf, response: WatchResponse) {
        let limit = self.group.transport.options.max_response_size;
        let has_events = !response.events.is_empty();
        let Some(subscription) = self.group.members.get(range.key) else { return };
        // Checked before the message is queued: a single message may exceed what counts as slow.
        let is_slow = subscription.inbox.is_full();
        match subscription.accept(range.index, response, limit) {
            Err(error) => self.group.end(range.key, error),
            Ok(()) if is_slow && self.group.kind != Kind::Own => self.group.move_apart(range.key),
            Ok(()) if has_events && self.group.kind == Kind::Ahead => {
                self.group.move_to(range.key, Kind::Present);
            }
            Ok(()) => self.group.review(range.key),
        }
    }

    /// Handles the answer to a progress request.
    fn progressed(&mut self, revision: i64) {
        let asked = self.group.progress.answered();
        for subscription in self.group.members.iter_mut() {
            let number = subscription.confirmation.number;
            let covering = asked.filter(|asked| number <= asked.confirmations);
            subscription.progressed(revision, covering.is_some());
            if let (Some(wish), Some(covering)) = (subscription.wish, covering)
                && wish <= covering.number
            {
                subscription.wish = None;
            }
        }
        if self.group.kind == Kind::Behind {
            for key in self.group.members.keys() {
                self.group.review(key);
            }
        }
    }

    /// Handles a watch that the server has cancelled or refused to create: renews the token, ends
    /// the watch, or tries again.
    fn canceled(&mut self, key: u64, status: GrpcStatus) {
        let Some(subscription) = self.group.members.get(key) else { return };
        let status = self.stream.answer(status);
        let meaning = status.meaning();
        // Old servers answer an outdated token with "permission denied" as well.
        let token = meaning == Meaning::RenewToken || status.code == PERMISSION_DENIED;
        if token && !subscription.token_renewed && self.stream.renew_token() {
            subscription.token_renewed = true;
            if meaning == Meaning::RenewToken {
                self.stream.replace(&status.message);
                self.lost();
            } else if let Some(subscription) = self.group.take(key) {
                // Only this watch moves: the refusal may be a genuine one, and the others need not
                // wait.
                let Self { group, .. } = self;
                group.multiplexer.place_on_new(&group.transport, [subscription], Kind::Present);
            }
            return;
        }
        match meaning {
            Meaning::Refused | Meaning::RenewToken => self.group.end(key, Error::Server(status)),
            Meaning::TryElsewhere | Meaning::TryLater => {
                // Never an error: a status with this meaning is always retried.
                let _ = self.stream.refused(status);
                self.lost();
            }
            Meaning::Unclear => self.create_again(key, status),
        }
    }

    /// Creates a watch again after a backoff.
    fn create_again(&mut self, key: u64, status: GrpcStatus) {
        let Some(mut subscription) = self.group.take(key) else { return };
        // An unknown reason may be permanent, so such retries are limited.
        if status.server_error().is_none() && subscription.cancels >= UNKNOWN_REASONS {
            return subscription.inbox.end(Error::Server(status));
        }
        if !subscription.was_confirmed() {
            subscription.inbox.set_trouble(&status.message.into());
        }
        let pause = backoff::delay(subscription.cancels, FIRST_PAUSE, LONGEST_PAUSE);
        subscription.cancels += 1;
        let (multiplexer, transport) =
            (self.group.multiplexer.clone(), self.group.transport.clone());
        let kind = self.group.kind;
        tokio::spawn(async move {
            sleep(pause).await;
            if !subscription.inbox.is_over() {
                multiplexer.place(&transport, subscription, kind);
            }
        });
    }
}

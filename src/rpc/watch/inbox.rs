//! The queue between a shared stream and the reader of one of its watches.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

use crate::rpc::error::Error;
use crate::rpc::watch::spec::Notice;

/// How many bytes may be queued before the reader counts as slow.
pub const SLOW: usize = 1 << 20;
/// How many bytes may be queued for a reader that keeps up.
pub const SHORT: usize = 1 << 18;

/// A message from a reader to the stream that its watch is on.
pub enum Word {
    /// The reader has stopped reading.
    Leave(u64),
    /// The reader requests a progress notification.
    Progress(u64),
}

/// The stream that a watch is on, and the watch's key there.
pub struct Holder {
    pub words: UnboundedSender<Word>,
    pub key: u64,
}

#[derive(Default)]
pub struct Inbox {
    state: Mutex<State>,
}

/// How far a watch has come.
#[derive(Clone, Debug, Default)]
pub struct Stage {
    /// Whether the server has confirmed it.
    pub begun: bool,
    /// Whether it is over. The reader may still have to take what was queued before.
    pub over: bool,
    /// Why it is over, unless it was the reader that closed it.
    pub failure: Option<Error>,
}

#[derive(Default)]
struct State {
    /// The revision after which the watch begins, once the server has confirmed it.
    begins_behind: Option<i64>,
    /// Whether the reader has yet to take the notice of that.
    confirmation_is_new: bool,
    notices: VecDeque<Notice>,
    weight: usize,
    /// How the watch ended; the reader gets it after the last notice.
    end: Option<Box<Error>>,
    reader: Option<Waker>,
    /// The task that waits until no more than this many bytes are queued.
    room: Option<Box<(usize, Waker)>>,
    /// Told when the watch begins or ends; only there while somebody waits for that.
    turn: Option<Arc<Notify>>,
    holder: Option<Holder>,
    /// Whether the reader has requested progress while the watch was on no stream.
    wishes: bool,
    /// The last error that has kept the watch from being confirmed.
    trouble: Option<Arc<str>>,
    closed: bool,
}

impl State {
    fn is_over(&self) -> bool {
        self.closed || self.end.is_some()
    }

    fn next(&mut self) -> Option<Notice> {
        if std::mem::take(&mut self.confirmation_is_new) {
            return self.begins_behind.map(|revision| Notice::Created { revision });
        }
        let notice = self.notices.pop_front()?;
        self.weight = self.weight.saturating_sub(notice.weight());
        Some(notice)
    }

    /// Ends the watch, and returns what to do once the lock is released.
    fn finish(&mut self, error: Error) -> Wakes {
        if !self.closed {
            self.end.get_or_insert_with(|| Box::new(error));
        }
        self.wakes()
    }

    fn wakes(&mut self) -> Wakes {
        Wakes { reader: self.reader.take(), room: self.room.take(), turn: self.turn.take() }
    }
}

/// Those who are to be woken, once the lock is released.
#[derive(Default)]
struct Wakes {
    reader: Option<Waker>,
    room: Option<Box<(usize, Waker)>>,
    turn: Option<Arc<Notify>>,
}

impl Wakes {
    fn wake(self) {
        self.reader.into_iter().for_each(Waker::wake);
        self.room.into_iter().for_each(|room| room.1.wake());
        self.turn.into_iter().for_each(|turn| turn.notify_waiters());
    }
}

impl Inbox {
    // No Python object is touched under this lock, and no other lock is taken.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a notice and wakes the reader. Ignored once the watch is over.
    pub fn push(&self, notice: Notice) {
        let mut state = self.state();
        if state.is_over() {
            return;
        }
        let mut wakes = Wakes::default();
        if let Notice::Created { revision } = notice {
            // Most watches never get another notice, and need no queue.
            state.begins_behind = Some(revision);
            state.confirmation_is_new = true;
            wakes.turn = state.turn.take();
        } else {
            state.weight += notice.weight();
            state.notices.push_back(notice);
        }
        wakes.reader = state.reader.take();
        drop(state);
        wakes.wake();
    }

    /// Ends the watch from its stream's side. The reader gets the first such error, after the
    /// notices that are queued.
    pub fn end(&self, error: Error) {
        let mut state = self.state();
        let wakes = state.finish(error);
        let holder = state.holder.take();
        drop(state);
        drop(holder);
        wakes.wake();
    }

    /// Ends the watch from the client's side: it leaves its stream.
    pub fn stop(&self, error: Error) {
        let mut state = self.state();
        let wakes = state.finish(error);
        let holder = state.holder.take();
        drop(state);
        leave(holder);
        wakes.wake();
    }

    /// The next notice, or how the watch has ended; `None` if there is nothing yet.
    pub fn take_now(&self) -> Option<Result<Notice, Error>> {
        let mut state = self.state();
        if state.closed {
            return Some(Err(Error::Closed));
        }
        let Some(notice) = state.next() else {
            return state.end.as_ref().map(|end| Err(Error::clone(end)));
        };
        let weight = state.weight;
        let room = state.room.take_if(|room| weight <= room.0);
        drop(state);
        Wakes { room, ..Wakes::default() }.wake();
        Some(Ok(notice))
    }

    /// Wakes `reader` once there is something to take; false if there already is.
    pub fn wake_later(&self, reader: Waker) -> bool {
        let mut state = self.state();
        if state.confirmation_is_new || !state.notices.is_empty() || state.is_over() {
            return false;
        }
        state.reader = Some(reader);
        true
    }

    /// The next notice. Cancel safe.
    pub async fn take(&self) -> Result<Notice, Error> {
        poll_fn(|context| {
            loop {
                if let Some(taken) = self.take_now() {
                    return Poll::Ready(taken);
                }
                if self.wake_later(context.waker().clone()) {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    /// Whether the reader is slow.
    pub fn is_full(&self) -> bool {
        self.state().weight >= SLOW
    }

    /// Whether the reader keeps up.
    pub fn is_short(&self) -> bool {
        self.state().weight <= SHORT
    }

    /// Waits until no more than `limit` bytes are queued, or the watch is over.
    pub async fn falls_to(&self, limit: usize) {
        poll_fn(|context| {
            let mut state = self.state();
            if state.is_over() || state.weight <= limit {
                return Poll::Ready(());
            }
            state.room = Some(Box::new((limit, context.waker().clone())));
            Poll::Pending
        })
        .await;
    }

    /// How far the watch has come.
    pub fn stage(&self) -> Stage {
        let state = self.state();
        Stage {
            begun: state.begins_behind.is_some(),
            over: state.is_over(),
            failure: state.end.as_deref().cloned(),
        }
    }

    /// The revision after which the watch begins; `None` until the server has confirmed it.
    pub fn begins_behind(&self) -> Option<i64> {
        self.state().begins_behind
    }

    /// Waits until the server has confirmed the watch, or it is over.
    pub async fn begun(&self) {
        self.until(|state| state.begins_behind.is_some() || state.is_over()).await;
    }

    /// Waits until the watch is over.
    pub async fn over(&self) {
        self.until(State::is_over).await;
    }

    async fn until(&self, has_come: fn(&State) -> bool) {
        loop {
            let turned = {
                let mut state = self.state();
                if has_come(&state) {
                    return;
                }
                Arc::clone(state.turn.get_or_insert_default()).notified_owned()
            };
            turned.await;
        }
    }

    /// Notes which stream the watch is on. `None` if the watch is over; otherwise whether the
    /// reader has requested progress in the meantime.
    pub fn held_by(&self, holder: Holder) -> Option<bool> {
        let mut state = self.state();
        if state.is_over() {
            return None;
        }
        state.holder = Some(holder);
        Some(std::mem::take(&mut state.wishes))
    }

    /// Notes that the watch has left its stream and is moving to another one.
    pub fn released(&self, wishes: bool) {
        let mut state = self.state();
        state.holder = None;
        state.wishes = wishes;
    }

    /// Whether the watch has ended, or the reader is gone.
    pub fn is_over(&self) -> bool {
        self.state().is_over()
    }

    pub fn set_trouble(&self, trouble: &Arc<str>) {
        self.state().trouble = Some(Arc::clone(trouble));
    }

    pub fn trouble(&self) -> Option<Arc<str>> {
        self.state().trouble.clone()
    }

    /// Requests a progress notification. There is none if the server's cannot be trusted.
    pub fn request_progress(&self) {
        let mut state = self.state();
        match &state.holder {
            Some(Holder { words, key }) => drop(words.send(Word::Progress(*key))),
            None => state.wishes = true,
        }
    }

    /// Closes the watch from the reader's side and drops what was not read.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let notices = std::mem::take(&mut state.notices);
        state.confirmation_is_new = false;
        state.weight = 0;
        let (holder, wakes) = (state.holder.take(), state.wakes());
        drop(state);
        drop(notices);
        leave(holder);
        wakes.wake();
    }
}

/// Tells the stream of a watch, if it is on one, that the watch leaves.
fn leave(holder: Option<Holder>) {
    if let Some(Holder { words, key }) = holder {
        // This fails if the stream has already ended, and then it holds no watch.
        let _ = words.send(Word::Leave(key));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    fn closed(error: Option<Result<Notice, Error>>) -> bool {
        matches!(error, Some(Err(Error::Closed)))
    }

    #[test]
    fn what_was_queued_comes_before_the_end() {
        let inbox = Inbox::default();
        inbox.push(Notice::Created { revision: 4 });
        inbox.push(Notice::Progress { revision: 7 });
        inbox.end(Error::Closed);
        inbox.push(Notice::Progress { revision: 9 });
        assert!(matches!(inbox.take_now(), Some(Ok(Notice::Created { revision: 4 }))));
        assert!(matches!(inbox.take_now(), Some(Ok(Notice::Progress { revision: 7 }))));
        assert!(closed(inbox.take_now()));
        assert!(closed(inbox.take_now()), "it is told as often as it is asked for");
    }

    #[test]
    fn a_watch_that_is_stopped_leaves_its_stream() {
        let inbox = Inbox::default();
        let (words, mut heard) = unbounded_channel();
        assert_eq!(inbox.held_by(Holder { words: words.clone(), key: 5 }), Some(false));
        inbox.stop(Error::Closed);
        assert!(matches!(heard.try_recv(), Ok(Word::Leave(5))));
        assert_eq!(inbox.held_by(Holder { words, key: 6 }), None);
        inbox.close();
        assert!(heard.try_recv().is_err(), "it has left before");
    }

    #[test]
    fn a_wish_is_kept_for_the_next_stream() {
        let inbox = Inbox::default();
        inbox.request_progress();
        let (words, mut heard) = unbounded_channel();
        assert_eq!(inbox.held_by(Holder { words, key: 1 }), Some(true));
        inbox.request_progress();
        assert!(matches!(heard.try_recv(), Ok(Word::Progress(1))));
    }

    #[test]
    fn who_waits_is_told_of_beginning_and_end() {
        let inbox = Inbox::default();
        let (mut begun, mut over) = (Box::pin(inbox.begun()), Box::pin(inbox.over()));
        assert!((&mut begun).now_or_never().is_none());
        assert!((&mut over).now_or_never().is_none());
        inbox.push(Notice::Created { revision: 1 });
        assert!(begun.now_or_never().is_some());
        assert!((&mut over).now_or_never().is_none());
        inbox.close();
        assert!(over.now_or_never().is_some());
        let stage = inbox.stage();
        assert!(stage.begun && stage.over && stage.failure.is_none());
    }

    #[test]
    fn a_reader_is_woken_unless_there_is_something_already() {
        let inbox = Inbox::default();
        assert!(inbox.wake_later(Waker::noop().clone()));
        let mut taking = Box::pin(inbox.take());
        assert!((&mut taking).now_or_never().is_none());
        inbox.push(Notice::Progress { revision: 2 });
        assert!(!inbox.wake_later(Waker::noop().clone()));
        assert!(matches!(taking.now_or_never(), Some(Ok(Notice::Progress { revision: 2 }))));
    }
}

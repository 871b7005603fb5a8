//! The queue between a shared stream and the reader of one of its watches.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use tokio::sync::mpsc::UnboundedSender;

use crate::rpc::error::Error;
use crate::rpc::watch::spec::Notice;

/// How many bytes may be queued before the reader counts as slow.
pub const SLOW: usize = 3 << 18;

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

#[derive(Default)]
struct State {
    /// The notice of the confirmation. Most watches never get another one, and need no queue.
    first: Option<Notice>,
    notices: VecDeque<Notice>,
    weight: usize,
    /// How the watch ended; the reader gets it after the last notice.
    end: Option<Box<Error>>,
    reader: Option<Waker>,
    /// The task that waits until no more than this many bytes are queued.
    room: Option<(usize, Waker)>,
    holder: Option<Holder>,
    /// Whether the reader has requested progress while the watch was on no stream.
    wishes: bool,
    /// The last error that has kept the watch from being confirmed.
    trouble: Option<Arc<str>>,
    closed: bool,
}

impl Inbox {
    // No Python object is touched under this lock, and no other lock is taken.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a notice and wakes the reader. Ignored once the watch has ended or the reader is
    /// gone.
    pub fn push(&self, notice: Notice) {
        let mut state = self.state();
        if state.closed || state.end.is_some() {
            return;
        }
        state.weight += notice.weight();
        match notice {
            Notice::Created { .. } => state.first = Some(notice),
            _ => state.notices.push_back(notice),
        }
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
    }

    /// Ends the watch. The reader gets the first such error, after the notices that are queued.
    pub fn end(&self, error: Error) {
        let mut state = self.state();
        state.end.get_or_insert_with(|| Box::new(error));
        state.holder = None;
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
    }

    /// The next notice.
    pub async fn take(&self) -> Result<Notice, Error> {
        poll_fn(|context| {
            let mut state = self.state();
            let next = state.first.take().or_else(|| state.notices.pop_front());
            let Some(notice) = next else {
                if let Some(end) = &state.end {
                    return Poll::Ready(Err(Error::clone(end)));
                }
                match &mut state.reader {
                    Some(waker) => waker.clone_from(context.waker()),
                    none => *none = Some(context.waker().clone()),
                }
                return Poll::Pending;
            };
            state.weight = state.weight.saturating_sub(notice.weight());
            let weight = state.weight;
            let room = state.room.take_if(|(limit, _)| weight <= *limit);
            drop(state);
            if let Some((_, waker)) = room {
                waker.wake();
            }
            Poll::Ready(Ok(notice))
        })
        .await
    }

    /// Whether the reader is slow.
    pub fn is_full(&self) -> bool {
        self.state().weight >= SLOW
    }

    pub fn is_empty(&self) -> bool {
        let state = self.state();
        state.first.is_none() && state.notices.is_empty()
    }

    /// Waits until no more than `limit` bytes are queued, or the reader is gone.
    pub async fn falls_to(&self, limit: usize) {
        poll_fn(|context| {
            let mut state = self.state();
            if state.closed || state.weight <= limit {
                return Poll::Ready(());
            }
            state.room = Some((limit, context.waker().clone()));
            Poll::Pending
        })
        .await;
    }

    /// Notes which stream the watch is on. `None` if the reader is gone; otherwise whether the
    /// reader has requested progress in the meantime.
    pub fn held_by(&self, holder: Holder) -> Option<bool> {
        let mut state = self.state();
        if state.closed {
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

    pub fn is_closed(&self) -> bool {
        self.state().closed
    }

    pub fn set_trouble(&self, trouble: &Arc<str>) {
        self.state().trouble = Some(Arc::clone(trouble));
    }

    pub fn trouble(&self) -> Option<Arc<str>> {
        self.state().trouble.clone()
    }

    /// Closes the watch from the reader's side and drops what was not read.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let notices = std::mem::take(&mut state.notices);
        state.first = None;
        state.weight = 0;
        let (holder, room) = (state.holder.take(), state.room.take());
        drop(state);
        drop(notices);
        if let Some(Holder { words, key }) = holder {
            // This fails if the stream has already ended, and then it holds no watch.
            let _ = words.send(Word::Leave(key));
        }
        if let Some((_, waker)) = room {
            waker.wake();
        }
    }
}

/// Requests a progress notification from the server of a watch.
#[derive(Clone)]
pub struct ProgressRequest(Arc<Inbox>);

impl ProgressRequest {
    pub fn new(inbox: &Arc<Inbox>) -> Self {
        Self(Arc::clone(inbox))
    }

    /// Sends the request. There is no answer if the server's answers cannot be trusted.
    pub fn send(&self) {
        let mut state = self.0.state();
        match &state.holder {
            Some(Holder { words, key }) => drop(words.send(Word::Progress(*key))),
            None => state.wishes = true,
        }
    }
}

//! A bounded channel from a task on the engine to an iterator.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};

use crate::bridge::awaitable::waiting_steps::{StepList, WaitingSteps};
use crate::bridge::completer::Completer;
use crate::bridge::completion::Ticket;
use crate::bridge::mutex::Mutex;

struct State<T, E> {
    items: VecDeque<(T, usize)>,
    weight: usize,
    /// How the stream ended; reported after the last item.
    end: Option<E>,
    /// The sender, if it waits for room.
    waiting_for_room: Option<Waker>,
    /// The sender, as it waits for the reader to go.
    waiting_for_close: Option<Waker>,
    /// The steps that wait for an item.
    steps: StepList,
    closed: bool,
}

impl<T, E> State<T, E> {
    fn wake_steps(&mut self) {
        self.steps.drain().for_each(Completer::wake);
    }

    fn take_senders(&mut self) -> impl Iterator<Item = Waker> + use<T, E> {
        [self.waiting_for_room.take(), self.waiting_for_close.take()].into_iter().flatten()
    }
}

type SharedState<T, E> = Arc<Mutex<State<T, E>>>;

/// The engine's end. `E` is what the stream ends with.
pub(crate) struct Sender<T, E> {
    shared: SharedState<T, E>,
    limit: usize,
    /// How the stream ends if the task ends without saying so.
    lost: fn() -> E,
}

/// The reader's end.
pub(crate) struct Receiver<T, E> {
    shared: SharedState<T, E>,
}

pub(crate) enum Taken<T, E> {
    Item(T),
    Empty,
    Ended(E),
}

/// A channel that accepts items until their weight has reached `limit`.
pub(crate) fn channel<T, E: Clone>(
    limit: usize,
    lost: fn() -> E,
) -> (Sender<T, E>, Receiver<T, E>) {
    let shared = Arc::new(Mutex::new(State {
        items: VecDeque::new(),
        weight: 0,
        end: None,
        waiting_for_room: None,
        waiting_for_close: None,
        steps: StepList::default(),
        closed: false,
    }));
    (Sender { shared: Arc::clone(&shared), limit, lost }, Receiver { shared })
}

impl<T: Send, E: Send> Sender<T, E> {
    /// Waits for room and adds an item; false when nobody will read it.
    pub(crate) async fn send(&self, item: T, weight: usize) -> bool {
        let mut item = Some(item);
        poll_fn(|context| {
            let waker = context.waker();
            self.shared.with(|state| {
                if state.closed {
                    return Poll::Ready(false);
                }
                if state.weight >= self.limit {
                    state.waiting_for_room = Some(waker.clone());
                    return Poll::Pending;
                }
                if let Some(item) = item.take() {
                    state.weight += weight;
                    state.items.push_back((item, weight));
                    state.wake_steps();
                }
                Poll::Ready(true)
            })
        })
        .await
    }

    /// Adds an item; drops the oldest ones if there is no room.
    pub(crate) fn send_newest(&self, item: T, weight: usize) {
        self.shared.with(|state| {
            if state.closed {
                return;
            }
            while state.weight >= self.limit
                && let Some((_, weight)) = state.items.pop_front()
            {
                state.weight -= weight;
            }
            state.weight += weight;
            state.items.push_back((item, weight));
            state.wake_steps();
        });
    }

    /// Completes when the reader is gone.
    pub(crate) async fn closed(&self) {
        poll_fn(|context| {
            let waker = context.waker();
            self.shared.with(|state| {
                if state.closed {
                    return Poll::Ready(());
                }
                // Polled with each item, so mostly it is here already.
                if !state.waiting_for_close.as_ref().is_some_and(|known| known.will_wake(waker)) {
                    state.waiting_for_close = Some(waker.clone());
                }
                Poll::Pending
            })
        })
        .await;
    }

    pub(crate) fn end(self, end: E) {
        self.shared.with(|state| {
            state.end.get_or_insert(end);
            state.wake_steps();
        });
    }
}

impl<T, E> Drop for Sender<T, E> {
    fn drop(&mut self) {
        let lost = self.lost;
        self.shared.with(|state| {
            state.end.get_or_insert_with(lost);
            state.wake_steps();
        });
    }
}

impl<T: Send, E: Clone + Send> Receiver<T, E> {
    pub(crate) fn take(&self) -> Taken<T, E> {
        let (taken, sender) = self.shared.with(|state| match state.items.pop_front() {
            Some((item, weight)) => {
                state.weight -= weight;
                (Taken::Item(item), state.waiting_for_room.take())
            }
            None => (state.end.clone().map_or(Taken::Empty, Taken::Ended), None),
        });
        wake(sender);
        taken
    }

    /// Gives back what was taken last, of which nothing could be made.
    pub(crate) fn put_back(&self, item: T) {
        self.shared.with(|state| {
            if !state.closed {
                state.items.push_front((item, 0));
            }
        });
    }

    /// Ends the stream from this side; unread items are dropped.
    pub(crate) fn close(&self, end: E) {
        let (unread, senders) = self.shared.with(|state| {
            state.closed = true;
            state.end.get_or_insert(end);
            state.weight = 0;
            state.wake_steps();
            (std::mem::take(&mut state.items), state.take_senders())
        });
        wake(senders);
        drop(unread);
    }
}

fn wake(senders: impl IntoIterator<Item = Waker>) {
    senders.into_iter().for_each(Waker::wake);
}

impl<T: Send, E: Clone + Send> WaitingSteps for Receiver<T, E> {
    fn add(&self, step: Completer) {
        self.shared.with(|state| {
            if state.items.is_empty() && state.end.is_none() {
                state.steps.push(step);
            } else {
                step.wake();
            }
        });
    }

    fn withdraw(&self, ticket: Ticket) {
        self.shared.with(|state| {
            state.steps.remove(ticket).into_iter().for_each(Completer::withdraw);
        });
    }
}

impl<T, E> Drop for Receiver<T, E> {
    fn drop(&mut self) {
        let senders = self.shared.with(|state| {
            state.closed = true;
            state.take_senders()
        });
        wake(senders);
    }
}

//! What waits for a program, until one of its listeners takes it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Called when there is something to take; returns whether it will be taken.
type Listener = Box<dyn Fn() -> bool + Send>;

#[derive(Default)]
pub struct Mailbox<T>(Mutex<State<T>>);

#[derive(Default)]
struct State<T> {
    /// `None` while there is nothing to take.
    waiting: Option<T>,
    listeners: Vec<(u64, Listener)>,
    next_listener: u64,
    /// The listener that will take it.
    told: Option<u64>,
}

impl<T> State<T> {
    fn tell(&mut self) {
        if self.told.is_none() && self.waiting.is_some() {
            self.told = self.listeners.iter().find(|(_, tell)| tell()).map(|(id, _)| *id);
        }
    }
}

impl<T: Default> Mailbox<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds to what waits, and tells a listener.
    pub fn post(&self, add: impl FnOnce(&mut T)) {
        let mut state = self.state();
        add(state.waiting.get_or_insert_default());
        state.tell();
    }

    /// Adds to what waits, and tells nobody.
    pub fn add(&self, add: impl FnOnce(&mut T)) {
        add(self.state().waiting.get_or_insert_default());
    }

    /// Tells a listener if there is something to take.
    pub fn tell(&self) {
        self.state().tell();
    }

    /// Takes what has been added since the last call.
    pub fn take(&self) -> T {
        let mut state = self.state();
        state.told = None;
        state.waiting.take().unwrap_or_default()
    }

    /// Calls `listener` when there is something to take, while the result lives. Of several
    /// listeners, the first one that is willing takes it.
    pub fn listen(self: &Arc<Self>, listener: impl Fn() -> bool + Send + 'static) -> Listening<T> {
        let mut state = self.state();
        let id = state.next_listener;
        state.next_listener += 1;
        state.listeners.push((id, Box::new(listener)));
        state.tell();
        drop(state);
        Listening { mailbox: Arc::clone(self), id }
    }
}

pub struct Listening<T: Default> {
    mailbox: Arc<Mailbox<T>>,
    id: u64,
}

impl<T: Default> Drop for Listening<T> {
    fn drop(&mut self) {
        let mut state = self.mailbox.state();
        let gone = state.listeners.extract_if(.., |(id, _)| *id == self.id).next();
        if state.told == Some(self.id) {
            state.told = None;
            state.tell();
        }
        drop(state);
        // It may own what must not be dropped under the lock.
        drop(gone);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    use super::*;

    #[test]
    fn a_listener_is_told_once_until_the_mail_is_taken() {
        let mailbox = Arc::<Mailbox<Vec<&str>>>::default();
        let told = Arc::<AtomicU64>::default();
        let counter = Arc::clone(&told);
        let _listening = mailbox.listen(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            true
        });
        mailbox.post(|mail| mail.push("one"));
        mailbox.post(|mail| mail.push("two"));
        assert_eq!(told.load(Ordering::Relaxed), 1);
        assert_eq!(mailbox.take(), ["one", "two"]);
        assert!(mailbox.take().is_empty());
        mailbox.post(|mail| mail.push("three"));
        assert_eq!(told.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_listener_takes_over_from_one_that_is_gone() {
        let mailbox = Arc::<Mailbox<Vec<&str>>>::default();
        let first = mailbox.listen(|| true);
        mailbox.post(|mail| mail.push("one"));
        let told = Arc::<AtomicBool>::default();
        let flag = Arc::clone(&told);
        let _second = mailbox.listen(move || {
            flag.store(true, Ordering::Relaxed);
            true
        });
        assert!(!told.load(Ordering::Relaxed));
        drop(first);
        assert!(told.load(Ordering::Relaxed));
    }
}

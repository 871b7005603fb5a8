//! How far a watch has come with one of its ranges: which events are new, and which complete.

use crate::rpc::keys::KeyRange;
use crate::rpc::wire::messages::Event;

pub struct Watched {
    pub keys: KeyRange,
    /// The first revision that has not been delivered; 0 while that is "from now on".
    next_revision: i64,
    /// Events of a revision of which there may be more to come: the last in a fragment.
    partial: Vec<Event>,
}

impl Watched {
    pub fn new(keys: KeyRange, start_revision: i64) -> Self {
        Self { keys, next_revision: start_revision, partial: Vec::new() }
    }

    pub fn next_revision(&self) -> i64 {
        self.next_revision
    }

    /// Whether the last message ended within a revision.
    pub fn is_partial(&self) -> bool {
        !self.partial.is_empty()
    }

    /// Notes that the server was at that revision when it confirmed the watch.
    pub fn confirmed_at(&mut self, revision: i64) {
        // "From now on" is after it.
        if self.next_revision == 0 {
            self.next_revision = revision + 1;
        }
    }

    /// Notes that there is nothing to tell up to that revision.
    pub fn progressed_to(&mut self, revision: i64) {
        self.next_revision = self.next_revision.max(revision + 1);
    }

    /// Forgets what the next stream will tell again.
    pub fn begin_again(&mut self) {
        self.partial.clear();
    }

    /// Finishes the events of whole revisions, none of them twice. With `more` to come, those of
    /// the last revision are kept until it is known to be complete.
    pub fn deliver(
        &mut self,
        events: Vec<Event>,
        more: bool,
        mut finish: impl FnMut(i64, Vec<Event>),
    ) {
        let mut batch = std::mem::take(&mut self.partial);
        for event in events {
            let revision = revision_of(&event);
            if revision < self.next_revision {
                continue;
            }
            if batch.first().is_some_and(|first| revision_of(first) != revision) {
                self.pass(std::mem::take(&mut batch), &mut finish);
            }
            batch.push(event);
        }
        if more {
            self.partial = batch;
        } else {
            self.pass(batch, &mut finish);
        }
    }

    fn pass(&mut self, events: Vec<Event>, finish: &mut impl FnMut(i64, Vec<Event>)) {
        if let Some(revision) = events.first().map(revision_of) {
            self.next_revision = revision + 1;
            finish(revision, events);
        }
    }
}

fn revision_of(event: &Event) -> i64 {
    event.kv.as_ref().map_or(0, |kv| kv.mod_revision)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::wire::messages::KeyValue;

    fn at(revision: i64) -> Event {
        let kv = KeyValue { mod_revision: revision, ..KeyValue::default() };
        Event { kv: Some(kv), ..Event::default() }
    }

    fn deliver(watched: &mut Watched, revisions: &[i64], more: bool) -> Vec<(i64, usize)> {
        let mut finished = Vec::new();
        let events = revisions.iter().map(|&revision| at(revision)).collect();
        watched.deliver(events, more, |revision, events| finished.push((revision, events.len())));
        finished
    }

    #[test]
    fn parts_events_by_revision() {
        let mut watched = Watched::new(KeyRange::one(b"key".to_vec()), 5);
        assert_eq!(deliver(&mut watched, &[5, 5, 7], false), [(5, 2), (7, 1)]);
        assert_eq!(watched.next_revision(), 8);
    }

    #[test]
    fn tells_nothing_twice() {
        let mut watched = Watched::new(KeyRange::one(b"key".to_vec()), 5);
        assert_eq!(deliver(&mut watched, &[3, 4, 5], false), [(5, 1)]);
        assert_eq!(deliver(&mut watched, &[5, 6], false), [(6, 1)]);
    }

    #[test]
    fn keeps_a_revision_until_it_is_complete() {
        let mut watched = Watched::new(KeyRange::one(b"key".to_vec()), 1);
        assert_eq!(deliver(&mut watched, &[1, 2], true), [(1, 1)]);
        assert!(watched.is_partial());
        assert_eq!(deliver(&mut watched, &[2, 3], false), [(2, 2), (3, 1)]);
        assert!(!watched.is_partial());
    }

    #[test]
    fn a_new_stream_tells_an_incomplete_revision_again() {
        let mut watched = Watched::new(KeyRange::one(b"key".to_vec()), 1);
        assert_eq!(deliver(&mut watched, &[1, 1], true), []);
        watched.begin_again();
        assert_eq!(watched.next_revision(), 1);
        assert_eq!(deliver(&mut watched, &[1, 1, 1], false), [(1, 3)]);
    }

    #[test]
    fn begins_after_the_revision_that_it_was_confirmed_at() {
        let mut watched = Watched::new(KeyRange::one(b"key".to_vec()), 0);
        watched.confirmed_at(9);
        assert_eq!(watched.next_revision(), 10);
        watched.confirmed_at(20);
        assert_eq!(watched.next_revision(), 10);
        watched.progressed_to(15);
        watched.progressed_to(12);
        assert_eq!(watched.next_revision(), 16);
    }
}

//! How far a watch has come in one of its ranges: which events are new, and which revisions are
//! complete.

use crate::rpc::keys::KeyRange;
use crate::rpc::watch::spec::weight_of;
use crate::rpc::wire::messages::Event;

pub struct Cursor {
    pub keys: KeyRange,
    /// The watch id of the range on the current stream, once the server has confirmed it.
    pub id: Option<i64>,
    /// The first revision that has not been delivered; 0 for "from now on", until the server has
    /// said which revision that is.
    next_revision: i64,
    /// Events of the last revision in a fragment: the next fragment may bring more of them.
    partial: Vec<Event>,
    partial_weight: usize,
}

impl Cursor {
    pub fn new(keys: KeyRange, start_revision: i64) -> Self {
        Self {
            keys,
            id: None,
            next_revision: start_revision,
            partial: Vec::new(),
            partial_weight: 0,
        }
    }

    pub fn next_revision(&self) -> i64 {
        self.next_revision
    }

    /// Whether the last message ended in the middle of a revision.
    pub fn is_partial(&self) -> bool {
        !self.partial.is_empty()
    }

    /// How much memory the events take that wait for the rest of their revision.
    pub fn partial_weight(&self) -> usize {
        self.partial_weight
    }

    /// Notes the revision of the server when it confirmed the watch.
    pub fn confirmed_at(&mut self, revision: i64) {
        // "From now on" begins after that revision. A server that gives none leaves it open.
        if self.next_revision == 0 && revision > 0 {
            self.next_revision = revision.saturating_add(1);
        }
    }

    /// Notes that the range has no undelivered events up to that revision.
    pub fn progressed_to(&mut self, revision: i64) {
        if !self.is_partial() {
            self.next_revision = self.next_revision.max(revision.saturating_add(1));
        }
    }

    /// Forgets what belongs to the old stream, and events that the next stream will send again.
    pub fn begin_again(&mut self) {
        self.id = None;
        self.partial = Vec::new();
        self.partial_weight = 0;
    }

    /// Passes the events on to `finish`, one whole revision at a time and none of them twice. If
    /// `more` fragments follow, the events of the last revision are kept until it is complete.
    pub fn deliver(
        &mut self,
        events: Vec<Event>,
        more: bool,
        mut finish: impl FnMut(i64, Vec<Event>),
    ) {
        if !more && !self.is_partial() && self.is_one_new_revision(&events) {
            // So it is with most messages.
            return self.pass(events, &mut finish);
        }
        let mut batch = std::mem::take(&mut self.partial);
        let mut weight = std::mem::take(&mut self.partial_weight);
        for event in events {
            let revision = revision_of(&event);
            if revision < self.next_revision {
                continue;
            }
            if batch.first().is_some_and(|first| revision_of(first) != revision) {
                self.pass(std::mem::take(&mut batch), &mut finish);
                weight = 0;
            }
            weight += weight_of(&event);
            batch.push(event);
        }
        if more {
            self.partial = batch;
            self.partial_weight = weight;
        } else {
            self.pass(batch, &mut finish);
        }
    }

    fn is_one_new_revision(&self, events: &[Event]) -> bool {
        let Some(revision) = events.first().map(revision_of) else { return false };
        let is_one = events.iter().all(|event| revision_of(event) == revision);
        is_one && revision >= self.next_revision
    }

    fn pass(&mut self, events: Vec<Event>, finish: &mut impl FnMut(i64, Vec<Event>)) {
        if let Some(revision) = events.first().map(revision_of) {
            self.next_revision = revision.saturating_add(1);
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

    fn deliver(cursor: &mut Cursor, revisions: &[i64], more: bool) -> Vec<(i64, usize)> {
        let mut finished = Vec::new();
        let events = revisions.iter().map(|&revision| at(revision)).collect();
        cursor.deliver(events, more, |revision, events| finished.push((revision, events.len())));
        finished
    }

    #[test]
    fn parts_events_by_revision() {
        let mut cursor = Cursor::new(KeyRange::one(b"key".to_vec()), 5);
        assert_eq!(deliver(&mut cursor, &[5, 5, 7], false), [(5, 2), (7, 1)]);
        assert_eq!(cursor.next_revision(), 8);
    }

    #[test]
    fn tells_nothing_twice() {
        let mut cursor = Cursor::new(KeyRange::one(b"key".to_vec()), 5);
        assert_eq!(deliver(&mut cursor, &[3, 4, 5], false), [(5, 1)]);
        assert_eq!(deliver(&mut cursor, &[5, 6], false), [(6, 1)]);
    }

    #[test]
    fn keeps_a_revision_until_it_is_complete() {
        let mut cursor = Cursor::new(KeyRange::one(b"key".to_vec()), 1);
        assert_eq!(deliver(&mut cursor, &[1, 2], true), [(1, 1)]);
        assert!(cursor.is_partial());
        assert_eq!(deliver(&mut cursor, &[2, 3], false), [(2, 2), (3, 1)]);
        assert!(!cursor.is_partial());
    }

    #[test]
    fn a_new_stream_tells_an_incomplete_revision_again() {
        let mut cursor = Cursor::new(KeyRange::one(b"key".to_vec()), 1);
        assert_eq!(deliver(&mut cursor, &[1, 1], true), []);
        cursor.begin_again();
        assert_eq!(cursor.next_revision(), 1);
        assert_eq!(deliver(&mut cursor, &[1, 1, 1], false), [(1, 3)]);
    }

    #[test]
    fn begins_after_the_revision_that_it_was_confirmed_at() {
        let mut cursor = Cursor::new(KeyRange::one(b"key".to_vec()), 0);
        cursor.confirmed_at(9);
        assert_eq!(cursor.next_revision(), 10);
        cursor.confirmed_at(20);
        assert_eq!(cursor.next_revision(), 10);
        cursor.progressed_to(15);
        cursor.progressed_to(12);
        assert_eq!(cursor.next_revision(), 16);
    }
}

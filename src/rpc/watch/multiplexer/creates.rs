//! Create requests on a stream, and which answer belongs to which request.
//!
//! etcd answers in the order of the requests and uses the ids that the client has chosen. Its
//! `grpc-proxy` assigns ids of its own, and may answer in any order. So the first request of a
//! stream has an id that no server would assign by itself. Only if that id comes back may several
//! requests be in flight at once.

use std::collections::VecDeque;

use crate::rpc::transport::backoff;

/// How many requests may be in flight: etcd stops reading when its answers are not read.
const MOST_OUTSTANDING: usize = 512;

/// A range of a watch on the stream: the watch's key, and the index of the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RangeOf {
    pub key: u64,
    pub index: usize,
}

/// Whether the server uses the ids that the client chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ids {
    NotKnown,
    Honored,
    Ignored,
}

#[derive(Debug)]
pub struct OutOfOrder;

struct Outstanding {
    range: RangeOf,
    id: i64,
    /// Whether the client has made up the id, rather than the program.
    own: bool,
}

pub struct Creates {
    waiting: VecDeque<RangeOf>,
    outstanding: VecDeque<Outstanding>,
    ids: Ids,
    next_id: i64,
    /// Whether a server has answered out of order; requests are then sent one at a time.
    one_by_one: bool,
}

impl Creates {
    pub fn new() -> Self {
        // Larger than the ids of a server that counts its watches, and still short on the wire.
        let next_id = (1 << 24) + i64::try_from(backoff::random() >> 40).unwrap_or(0);
        Self {
            waiting: VecDeque::new(),
            outstanding: VecDeque::new(),
            ids: Ids::NotKnown,
            next_id,
            one_by_one: false,
        }
    }

    /// Forgets the requests of the old stream.
    pub fn begin_again(&mut self) {
        *self = Self { one_by_one: self.one_by_one, ..Self::new() };
    }

    pub fn want(&mut self, range: RangeOf) {
        self.waiting.push_back(range);
    }

    /// The next range to create, if its request may be sent now.
    pub fn next(&mut self) -> Option<RangeOf> {
        let several = self.ids == Ids::Honored && !self.one_by_one;
        let most = if several { MOST_OUTSTANDING } else { 1 };
        if self.outstanding.len() < most { self.waiting.pop_front() } else { None }
    }

    /// Notes that a request was sent, and returns its id. `chosen` is the program's id, or 0.
    pub fn sent(&mut self, range: RangeOf, chosen: i64) -> i64 {
        let own = chosen == 0;
        let id = if own {
            self.next_id += 1;
            self.next_id
        } else {
            chosen
        };
        self.outstanding.push_back(Outstanding { range, id, own });
        id
    }

    /// The range that the server's answer, which has that id, is about. `None` if no request is in
    /// flight.
    pub fn answered(&mut self, id: i64, refused: bool) -> Result<Option<RangeOf>, OutOfOrder> {
        let Some(first) = self.outstanding.pop_front() else { return Ok(None) };
        match self.ids {
            // The id of a refusal proves nothing: newer servers do not fill it in.
            _ if refused => {}
            Ids::NotKnown if first.id == id && !first.own => {}
            Ids::NotKnown => self.ids = if first.id == id { Ids::Honored } else { Ids::Ignored },
            Ids::Honored if first.id != id => {
                self.one_by_one = true;
                return Err(OutOfOrder);
            }
            Ids::Honored | Ids::Ignored => {}
        }
        Ok(Some(first.range))
    }

    /// Whether the server uses the ids that the client chooses. etcd does, and its proxy does not.
    pub fn ids_are_honored(&self) -> bool {
        self.ids == Ids::Honored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(key: u64) -> RangeOf {
        RangeOf { key, index: 0 }
    }

    fn creates(count: u64) -> Creates {
        let mut creates = Creates::new();
        (0..count).for_each(|key| creates.want(range(key)));
        creates
    }

    fn send_all(creates: &mut Creates) -> Vec<(RangeOf, i64)> {
        let mut sent = Vec::new();
        while let Some(next) = creates.next() {
            sent.push((next, creates.sent(next, 0)));
        }
        sent
    }

    #[test]
    fn only_the_first_is_sent_before_the_server_is_known() {
        let mut creates = creates(3);
        let sent = send_all(&mut creates);
        assert_eq!(sent.len(), 1);
        assert_eq!(creates.answered(sent[0].1, false).ok(), Some(Some(range(0))));
        let sent = send_all(&mut creates);
        assert_eq!(sent.len(), 2);
        for (expected, id) in sent {
            assert_eq!(creates.answered(id, false).ok(), Some(Some(expected)));
        }
    }

    #[test]
    fn one_after_the_other_where_ids_are_ignored() {
        let mut creates = creates(3);
        for number in 0..3_u32 {
            let sent = send_all(&mut creates);
            assert_eq!(sent.len(), 1);
            let answered = creates.answered(i64::from(number), false).ok();
            assert_eq!(answered, Some(Some(range(u64::from(number)))));
        }
        assert!(!creates.ids_are_honored());
    }

    #[test]
    fn a_refusal_is_for_the_first_that_is_under_way() {
        let mut creates = creates(4);
        let sent = send_all(&mut creates);
        assert_eq!(creates.answered(sent[0].1, false).ok(), Some(Some(range(0))));
        let sent = send_all(&mut creates);
        assert_eq!(creates.answered(sent[0].1, false).ok(), Some(Some(range(1))));
        assert_eq!(creates.answered(-1, true).ok(), Some(Some(range(2))));
        assert_eq!(creates.answered(sent[2].1, false).ok(), Some(Some(range(3))));
        assert_eq!(creates.answered(-1, true).ok(), Some(None));
    }

    #[test]
    fn answers_in_another_order_are_an_error() {
        let mut creates = creates(3);
        let sent = send_all(&mut creates);
        assert_eq!(creates.answered(sent[0].1, false).ok(), Some(Some(range(0))));
        let sent = send_all(&mut creates);
        assert!(creates.answered(sent[1].1, false).is_err());
    }

    #[test]
    fn an_id_that_was_chosen_by_a_program_proves_nothing() {
        let mut creates = creates(3);
        let first = creates.next().unwrap_or(range(9));
        assert_eq!(creates.sent(first, 7), 7);
        assert_eq!(creates.answered(7, false).ok(), Some(Some(range(0))));
        assert!(!creates.ids_are_honored());
        assert_eq!(send_all(&mut creates).len(), 1);
    }
}

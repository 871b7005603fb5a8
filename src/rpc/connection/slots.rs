//! How many streams a connection may have, and who may use the last ones.
//!
//! A server limits the streams of a connection, and h2 would queue further ones without limit. So a
//! stream is reserved here before it is opened, and can go to another connection instead.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::rpc::wire::method::Share;

/// The maximum number of open streams of a kind, whatever the server allows.
const MOST: usize = 1 << 20;
/// The counters of the three kinds are packed into one number, to be updated atomically.
const BITS: u32 = 21;
const MASK: u64 = (1 << BITS) - 1;

const SHARES: usize = 3;

fn index(share: Share) -> usize {
    match share {
        Share::Call => 0,
        Share::LongLived => 1,
        Share::Renewal => 2,
    }
}

fn unit(share: Share) -> u64 {
    1 << (BITS * u32::try_from(index(share)).unwrap_or(0))
}

/// The streams of one connection.
pub struct Slots {
    /// The server's limit.
    limit: AtomicUsize,
    open: AtomicU64,
    /// Whether new streams must go elsewhere.
    draining: AtomicBool,
    /// Whether the connection was opened because streams of another one ran short.
    extra: bool,
    waiters: Arc<Waiters>,
}

/// The number of open streams of each kind.
#[derive(Clone, Copy)]
struct Open(u64);

impl Open {
    fn of(self, share: Share) -> usize {
        let count = self.0 >> (BITS * u32::try_from(index(share)).unwrap_or(0)) & MASK;
        usize::try_from(count).unwrap_or(0)
    }

    fn total(self) -> usize {
        self.of(Share::Call) + self.of(Share::LongLived) + self.of(Share::Renewal)
    }

    /// Whether the open streams are within the share of the one that was reserved last.
    fn allows(self, share: Share, limit: usize, extra: bool) -> bool {
        // The last stream is reserved for renewals, and a quarter for each of the others.
        let for_renewals = usize::from(limit >= 3);
        let quarter = if limit >= 2 { (limit / 4).max(1) } else { 0 };
        let most = match share {
            Share::Renewal => return self.total() <= limit,
            // With one stream for each connection, the first connection is for calls.
            Share::LongLived if limit == 1 && !extra => 0,
            Share::Call | Share::LongLived => limit - for_renewals - quarter,
        };
        self.total() <= limit - for_renewals && self.of(share) <= most
    }
}

impl Slots {
    pub fn new(limit: usize, extra: bool, waiters: Arc<Waiters>) -> Self {
        Self {
            limit: AtomicUsize::new(limit.min(MOST)),
            open: AtomicU64::new(0),
            draining: AtomicBool::new(false),
            extra,
            waiters,
        }
    }

    pub fn is_extra(&self) -> bool {
        self.extra
    }

    pub fn set_limit(&self, limit: usize) {
        if self.limit.swap(limit.min(MOST), Ordering::AcqRel) < limit {
            self.waiters.wake_all();
        }
    }

    pub fn open(&self) -> usize {
        Open(self.open.load(Ordering::Acquire)).total()
    }

    /// Reserves a stream, if there is one for this purpose.
    pub fn take(&self, share: Share) -> bool {
        let open = self.take_anyway(share);
        if open.allows(share, self.limit.load(Ordering::Acquire), self.extra)
            && !self.draining.load(Ordering::SeqCst)
        {
            return true;
        }
        self.open.fetch_sub(unit(share), Ordering::SeqCst);
        false
    }

    /// Reserves a stream that HTTP/2 may have to queue.
    fn take_anyway(&self, share: Share) -> Open {
        let before = self.open.fetch_add(unit(share), Ordering::SeqCst);
        Open(before + unit(share))
    }

    pub fn force(&self, share: Share) {
        self.take_anyway(share);
    }

    pub fn give_back(&self, share: Share) {
        self.open.fetch_sub(unit(share), Ordering::SeqCst);
        self.waiters.wake_one_of_each();
    }

    /// Refuses new streams from now on; false if that was so before.
    pub fn drain(&self) -> bool {
        !self.draining.swap(true, Ordering::SeqCst)
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }
}

/// The queue for streams of any connection.
#[derive(Default)]
pub struct Waiters {
    waiting: [AtomicUsize; SHARES],
    freed: [Notify; SHARES],
}

/// A waiter in the queue.
pub struct Waiting<'a> {
    waiters: &'a Waiters,
    index: usize,
}

impl Waiters {
    pub fn any(&self, share: Share) -> bool {
        self.waiting[index(share)].load(Ordering::Acquire) > 0
    }

    pub fn enter(&self, share: Share) -> Waiting<'_> {
        let index = index(share);
        self.waiting[index].fetch_add(1, Ordering::AcqRel);
        Waiting { waiters: self, index }
    }

    /// A released stream may suit one purpose and not another, so all waiters try.
    fn wake_one_of_each(&self) {
        for (waiting, freed) in self.waiting.iter().zip(&self.freed) {
            if waiting.load(Ordering::Acquire) > 0 {
                freed.notify_one();
            }
        }
    }

    pub fn wake_all(&self) {
        self.freed.iter().for_each(Notify::notify_waiters);
    }
}

impl Waiting<'_> {
    /// Completes when a stream was released.
    pub fn freed(&self) -> Notified<'_> {
        self.waiters.freed[self.index].notified()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.waiters.waiting[self.index].fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many streams of a kind may be opened besides the open ones.
    fn room(slots: &Slots, share: Share) -> usize {
        (0..1000).take_while(|_| slots.take(share)).count()
    }

    fn slots(limit: usize) -> Slots {
        Slots::new(limit, false, Arc::default())
    }

    #[test]
    fn keeps_streams_for_each_kind() {
        for (limit, alone, together) in [(1, 1, 1), (2, 1, 2), (3, 1, 2), (8, 5, 7), (100, 74, 99)]
        {
            let calls_first = slots(limit);
            assert_eq!(room(&calls_first, Share::Call), alone, "{limit}");
            let more = room(&calls_first, Share::LongLived);
            assert_eq!(alone + more, together, "{limit}");
            assert_eq!(room(&calls_first, Share::Renewal), limit - together, "{limit}");
            let streams_first = slots(limit);
            let streams = room(&streams_first, Share::LongLived);
            assert!(streams < limit, "{limit}");
            assert!(room(&streams_first, Share::Call) > 0, "{limit}");
        }
    }

    #[test]
    fn gives_single_streams_of_further_connections_to_any_kind() {
        let extra = Slots::new(1, true, Arc::default());
        assert_eq!(room(&extra, Share::LongLived), 1);
        assert_eq!(room(&slots(0), Share::Renewal), 0);
    }

    #[test]
    fn takes_none_while_draining() {
        let slots = slots(100);
        assert!(slots.take(Share::Call));
        assert!(slots.drain());
        assert!(!slots.drain());
        assert!(!slots.take(Share::Renewal));
        assert_eq!(slots.open(), 1);
        slots.give_back(Share::Call);
        assert_eq!(slots.open(), 0);
    }

    #[test]
    fn limits_may_change() {
        let slots = slots(usize::MAX);
        slots.set_limit(8);
        assert_eq!(room(&slots, Share::Call), 5);
        slots.set_limit(0);
        slots.give_back(Share::Call);
        assert!(!slots.take(Share::Renewal));
    }
}

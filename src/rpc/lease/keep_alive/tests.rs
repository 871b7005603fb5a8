//! When leases are renewed, and on which stream.

use std::time::Duration;

use crate::rpc::error::Error;
use crate::rpc::lease::clock::Moment;
use crate::rpc::lease::keep_alive::schedule::{Order, Schedule, StreamEnd};
use crate::rpc::lease::lease_time::LeaseTime;
use crate::rpc::wire::messages::LeaseKeepAliveResponse;

/// Long enough that no lease expires while a test runs.
const TTL: i64 = 600;
const SECOND: Duration = Duration::from_secs(1);

fn seconds(count: u32) -> Duration {
    SECOND * count
}

fn answer(id: i64) -> LeaseKeepAliveResponse {
    LeaseKeepAliveResponse { header: None, id, ttl: TTL }
}

fn broken() -> StreamEnd {
    StreamEnd { why: "it broke".into(), refusal: None, lasting: false, token_renewed: false }
}

/// A schedule of leases that have just been granted.
fn schedule(ids: &[i64], now: Moment) -> Schedule {
    let mut schedule = Schedule::default();
    for &id in ids {
        schedule.add(id, LeaseTime::granted(TTL, now));
    }
    schedule
}

/// The leases that are renewed on each stream, and the other orders.
fn parted(orders: Vec<Order>) -> (Vec<(u64, Vec<i64>)>, Vec<Order>) {
    let mut renewals = Vec::new();
    let mut others = Vec::new();
    for order in orders {
        match order {
            Order::Renew { stream, mut ids } => {
                ids.sort_unstable();
                renewals.push((stream, ids));
            }
            order => others.push(order),
        }
    }
    renewals.sort();
    (renewals, others)
}

fn opened(orders: &[Order]) -> Vec<(u64, Option<u64>)> {
    let of = |order: &Order| match order {
        Order::Open { stream, not_on, .. } => Some((*stream, *not_on)),
        _ => None,
    };
    orders.iter().filter_map(of).collect()
}

#[test]
fn all_leases_share_a_stream_and_go_out_together() {
    let start = Moment::now();
    let mut schedule = schedule(&[1, 2, 3], start);
    assert!(parted(schedule.act(start, true)).0.is_empty());
    // A third of the TTL, and some jitter.
    let due = schedule.wake_at().unwrap().since(start);
    assert!(due >= seconds(200) && due < seconds(211), "{due:?}");
    let now = start.after(seconds(211));
    let (renewals, others) = parted(schedule.act(now, true));
    assert_eq!(renewals, [(1, vec![1, 2, 3])]);
    assert_eq!(opened(&others), [(1, None)]);
    for id in [1, 2, 3] {
        schedule.answered(1, now, answer(id), now.after(SECOND));
    }
    let due = schedule.wake_at().unwrap().since(now);
    assert!(due >= seconds(200) && due < seconds(211), "{due:?}");
    assert_eq!(schedule.repeated, 0);
}

#[test]
fn an_attempt_stays_open_while_another_member_is_asked() {
    let start = Moment::now();
    let mut schedule = schedule(&[1], start);
    let now = start.after(seconds(211));
    schedule.act(now, true);
    let later = now.after(seconds(3));
    let (renewals, others) = parted(schedule.act(later, true));
    assert_eq!(renewals, [(2, vec![1])]);
    assert_eq!(opened(&others), [(2, Some(1))]);
    assert!(others.contains(&Order::Silent { stream: 1 }));
    assert_eq!(schedule.repeated, 1);
    // The first member answers after all; the renewal counts from when it was sent.
    schedule.answered(1, now, answer(1), later.after(seconds(5)));
    let due = schedule.wake_at().unwrap().since(now);
    assert!(due >= seconds(200) && due < seconds(211), "{due:?}");
}

#[test]
fn a_single_member_is_not_asked_on_a_second_stream() {
    let start = Moment::now();
    let mut schedule = schedule(&[1], start);
    let now = start.after(seconds(211));
    schedule.act(now, false);
    let (renewals, others) = parted(schedule.act(now.after(seconds(30)), false));
    assert_eq!((renewals, opened(&others)), (vec![], vec![]));
}

#[test]
fn who_answers_comes_first() {
    let start = Moment::now();
    let mut schedule = schedule(&[1, 2], start);
    let now = start.after(seconds(211));
    schedule.act(now, true);
    let later = now.after(seconds(3));
    schedule.act(later, true);
    schedule.answered(2, later, answer(1), later.after(SECOND));
    schedule.answered(2, later, answer(2), later.after(SECOND));
    // The next renewals go to the stream that answered last.
    let (renewals, _) = parted(schedule.act(later.after(seconds(211)), true));
    assert_eq!(renewals, [(2, vec![1, 2])]);
}

#[test]
fn renewals_go_out_more_often_where_answers_take_long() {
    let start = Moment::now();
    let mut schedule = schedule(&[1], start);
    let mut now = start.after(seconds(211));
    schedule.act(now, false);
    // 480 of 600 seconds: renewing only after each answer would be too late.
    schedule.answered(1, now, answer(1), now.after(seconds(480)));
    now = now.after(seconds(480));
    let mut sent = 0;
    for _ in 0..100 {
        sent += parted(schedule.act(now, false)).0.len();
        now = now.after(SECOND);
    }
    assert_eq!(sent, 3);
}

#[test]
fn what_a_stream_has_not_answered_goes_out_again() {
    let start = Moment::now();
    let mut schedule = schedule(&[1, 2], start);
    let now = start.after(seconds(211));
    schedule.act(now, true);
    schedule.answered(1, now, answer(1), now);
    schedule.ended(1, &broken(), now);
    let (renewals, others) = parted(schedule.act(now.after(SECOND), true));
    assert_eq!(renewals, [(2, vec![2])]);
    assert_eq!(opened(&others), [(2, None)]);
    // A stream that fails without an answer is replaced after a backoff.
    schedule.ended(2, &broken(), now.after(SECOND));
    assert!(parted(schedule.act(now.after(SECOND), true)).0.is_empty());
    let (renewals, _) = parted(schedule.act(now.after(seconds(2)), true));
    assert_eq!(renewals, [(3, vec![2])]);
}

#[test]
fn a_refusal_is_told_to_who_waits() {
    let mut schedule = Schedule::default();
    let (time, news) = schedule.add(1, LeaseTime::unknown(0));
    schedule.renew_now(1, &time);
    schedule.act(Moment::now(), true);
    let refusal = Some(Error::Connection("refused".into()));
    let end = StreamEnd { refusal, lasting: true, ..broken() };
    schedule.ended(1, &end, Moment::now());
    assert!(news.borrow().refused.is_some());
}

#[test]
fn an_unknown_lease_is_told_and_renewed_no_more() {
    let start = Moment::now();
    let mut schedule = Schedule::default();
    let (time, news) = schedule.add(1, LeaseTime::granted(TTL, start));
    let now = start.after(seconds(211));
    schedule.act(now, true);
    schedule.answered(1, now, LeaseKeepAliveResponse { ttl: 0, ..answer(1) }, now);
    assert!(news.borrow().not_found);
    assert!(time.over().is_some());
    assert_eq!((schedule.leases(), schedule.wake_at()), (0, None));
}

#[test]
fn a_stream_that_is_left_is_used_no_more_and_ends_with_its_last_answer() {
    let start = Moment::now();
    let mut schedule = schedule(&[1, 2], start);
    let now = start.after(seconds(211));
    schedule.act(now, true);
    schedule.answered(1, now, answer(1), now);
    schedule.leave(1);
    assert!(!schedule.act(now, true).contains(&Order::Close { stream: 1 }));
    schedule.answered(1, now, answer(2), now);
    assert!(schedule.act(now, true).contains(&Order::Close { stream: 1 }));
    let (renewals, _) = parted(schedule.act(now.after(seconds(211)), true));
    assert_eq!(renewals, [(2, vec![1, 2])]);
}

#[test]
fn a_lease_is_kept_until_its_last_holder_has_left() {
    let now = Moment::now();
    let mut schedule = Schedule::default();
    let (time, _first) = schedule.add(1, LeaseTime::granted(TTL, now));
    let (same, _second) = schedule.add(1, LeaseTime::unknown(0));
    schedule.remove(1, &time);
    assert_eq!(schedule.leases(), 1);
    schedule.remove(1, &same);
    assert_eq!(schedule.leases(), 0);
}

#[test]
fn a_lease_that_lasts_long_enough_is_not_renewed() {
    let start = Moment::now();
    let mut schedule = Schedule::default();
    let (time, _news) = schedule.add(1, LeaseTime::granted(TTL, start));
    schedule.last_until(1, &time, start.after(seconds(300)));
    assert!(parted(schedule.act(start.after(seconds(300)), true)).0.is_empty());
    schedule.last_until(1, &time, start.after(seconds(900)));
    assert_eq!(parted(schedule.act(start.after(seconds(300)), true)).0, [(1, vec![1])]);
}

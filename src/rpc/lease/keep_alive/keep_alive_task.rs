//! The task that renews all leases of a transport. It runs while there are any.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep};

use crate::rpc::lease::clock::Moment;
use crate::rpc::lease::keep_alive::news::News;
use crate::rpc::lease::keep_alive::schedule::{Order, Schedule};
use crate::rpc::lease::keep_alive::stream::{self, Event, Opening};
use crate::rpc::lease::lease_time::LeaseTime;
use crate::rpc::telemetry;
use crate::rpc::transport::stats::Stats;
use crate::rpc::transport::{StreamOrigin, Transport};

/// The longest sleep: the timer stands still while the machine is suspended.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long the task stays when there are no leases.
const LINGER: Duration = Duration::from_secs(1);

/// The leases that are kept alive on a transport.
#[derive(Default)]
pub struct KeepAlive {
    state: Mutex<State>,
    changed: Notify,
    /// The transport's, set when the first lease is added.
    stats: OnceLock<Arc<Stats>>,
}

#[derive(Default)]
struct State {
    schedule: Schedule,
    running: bool,
    /// When the task next looks at the schedule.
    wakes_at: Option<Moment>,
}

impl KeepAlive {
    // No Python object is created, dropped or called while this lock is held.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the schedule, and wakes the task if a lease is now due before it would wake by
    /// itself.
    pub fn change<T>(&self, change: impl FnOnce(&mut Schedule) -> T) -> T {
        let mut state = self.state();
        let changed = change(&mut state.schedule);
        let due = state.schedule.wake_at();
        let wake = due.is_some_and(|due| state.wakes_at.is_none_or(|wakes| due < wakes));
        if let Some(stats) = self.stats.get() {
            state.tell(stats);
        }
        drop(state);
        if wake {
            self.changed.notify_one();
        }
        changed
    }

    /// Keeps a lease alive. Must be called on the engine, because it may spawn the task.
    pub fn add(
        self: &Arc<Self>,
        transport: &Arc<Transport>,
        id: i64,
        time: LeaseTime,
    ) -> (Arc<LeaseTime>, watch::Receiver<News>) {
        self.stats.get_or_init(|| Arc::clone(&transport.stats));
        let mut state = self.state();
        if !std::mem::replace(&mut state.running, true) {
            tokio::spawn(Task::new(self, transport).run());
        }
        drop(state);
        self.change(|schedule| schedule.add(id, time))
    }
}

struct Task {
    keep_alive: Arc<KeepAlive>,
    /// Weak: the holders of the leases keep the transport alive.
    transport: Weak<Transport>,
    stats: Arc<Stats>,
    /// Since when there have been no leases.
    idle_since: Instant,
    streams: HashMap<u64, Stream>,
    sender: stream::Events,
    events: mpsc::UnboundedReceiver<(u64, Event)>,
}

struct Stream {
    requests: mpsc::UnboundedSender<Vec<i64>>,
    origin: Option<StreamOrigin>,
}

impl Task {
    fn new(keep_alive: &Arc<KeepAlive>, transport: &Arc<Transport>) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        Self {
            keep_alive: Arc::clone(keep_alive),
            transport: Arc::downgrade(transport),
            stats: Arc::clone(&transport.stats),
            idle_since: Instant::now(),
            streams: HashMap::new(),
            sender,
            events,
        }
    }

    async fn run(mut self) {
        let keep_alive = Arc::clone(&self.keep_alive);
        while let Some(transport) = self.transport.upgrade() {
            let Some((orders, pause)) = self.look(transport.pool.has_several_peers()) else {
                break;
            };
            for order in orders {
                self.carry_out(order, &transport);
            }
            drop(transport);
            tokio::select! {
                biased;
                event = self.events.recv() => {
                    if let Some((number, event)) = event {
                        self.note(number, event);
                    }
                    while let Ok((number, event)) = self.events.try_recv() {
                        self.note(number, event);
                    }
                }
                () = keep_alive.changed.notified() => {}
                () = sleep(pause) => {}
            }
        }
    }

    /// The orders that are due now, and when to look again; `None` if there have been no leases for
    /// some time.
    fn look(&mut self, elsewhere: bool) -> Option<(Vec<Order>, Duration)> {
        let mut state = self.keep_alive.state();
        let orders = state.schedule.act(Moment::now(), elsewhere);
        if state.schedule.leases() > 0 {
            self.idle_since = Instant::now();
        } else if self.idle_since.elapsed() >= LINGER {
            state.end(&self.stats);
            return None;
        }
        let now = Moment::now();
        state.wakes_at = state.schedule.wake_at().map(|due| due.min(now.after(LONGEST_PAUSE)));
        state.tell(&self.stats);
        Some((orders, state.wakes_at.map_or(LINGER, |wakes| wakes.since(now))))
    }

    fn carry_out(&mut self, order: Order, transport: &Arc<Transport>) {
        match order {
            Order::Open { stream: number, within, not_on } => {
                let origin = |number| self.streams.get(&number)?.origin.clone();
                let not_on = not_on.and_then(origin);
                let opening = Opening { transport: Arc::clone(transport), within, not_on };
                let (requests, received) = mpsc::unbounded_channel();
                tokio::spawn(stream::run(number, opening, received, self.sender.clone()));
                self.streams.insert(number, Stream { requests, origin: None });
            }
            Order::Renew { stream: number, ids } => {
                if let Some(stream) = self.streams.get(&number) {
                    // This fails if the stream has just ended, and the event for that is already
                    // queued.
                    let _ = stream.requests.send(ids);
                }
            }
            Order::Silent { stream: number } => {
                let stream = self.streams.get(&number);
                if let Some(origin) = stream.and_then(|stream| stream.origin.as_ref()) {
                    origin
                        .is_silent(transport, "it leaves the renewal of a lease without an answer");
                }
            }
            Order::Close { stream: number } => {
                self.streams.remove(&number);
            }
        }
    }

    fn note(&mut self, number: u64, event: Event) {
        let mut state = self.keep_alive.state();
        match event {
            Event::Opened(origin) => {
                if let Some(stream) = self.streams.get_mut(&number) {
                    stream.origin = Some(origin);
                    state.schedule.opened(number);
                }
            }
            Event::Answered(sent, response) => {
                if self.stats.events.is_some()
                    && let Some((margin, ttl)) = state.schedule.margin(&response)
                {
                    let lease = response.id;
                    self.stats.tell(|| telemetry::Event::LeaseRenewed { lease, margin, ttl });
                }
                state.schedule.answered(number, sent, response, Moment::now());
            }
            Event::Retired => state.schedule.leave(number),
            Event::Ended(end) => {
                self.streams.remove(&number);
                state.schedule.ended(number, &end, Moment::now());
            }
        }
    }
}

impl State {
    fn tell(&mut self, stats: &Stats) {
        stats.leases_kept.store(self.schedule.leases() as u64, Ordering::Relaxed);
        stats.keep_alive_streams.store(self.schedule.streams() as u64, Ordering::Relaxed);
        let repeated = std::mem::take(&mut self.schedule.repeated);
        stats.retries.fetch_add(repeated, Ordering::Relaxed);
    }

    /// Resets everything, so that the next lease starts a new task. This task's streams end with
    /// it.
    fn end(&mut self, stats: &Stats) {
        *self = Self::default();
        self.tell(stats);
    }
}

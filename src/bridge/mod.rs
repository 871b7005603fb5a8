//! The ground: tokio and `PyO3`, nothing of etcd.
//!
//! Calls go down through a submission queue to the one engine thread and come back through one
//! completion queue per event loop. The engine thread never attaches to Python and owns no
//! Python object: slab indices cross, the objects stay on their loop's thread.

mod awaitable;
mod contexts;
mod engine;
mod event_loop;
mod fork;
mod gc;
mod loops;
mod shutdown;

pub(crate) use awaitable::call::{Call, Reply, finished, spawn};
pub(crate) use awaitable::channel::{Receiver, Sender, Taken, WaitingSteps, channel};
pub(crate) use awaitable::step::{Next, StreamReader};
pub(crate) use contexts::{Context, LINGER, active_contexts, enter};
pub(crate) use engine::Engine;
pub(crate) use event_loop::LoopBridge;
pub(crate) use fork::{ForkGuarded, PerProcess, enter_child};
pub(crate) use gc::bytes_pair;
pub(crate) use loops::completion_queue::Messenger;
pub(crate) use shutdown::{at_exit, cleanup};

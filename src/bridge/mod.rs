//! The ground: tokio and `PyO3`, nothing of etcd.
//!
//! Calls go down through a submission queue to the one engine thread and come back through one
//! completion queue per event loop. The engine thread never attaches to Python and owns no
//! Python object: slab indices cross, the objects stay on their loop's thread.

mod awaitable;
mod engine;
mod fork;
mod gc;
mod loops;
mod process;

pub(crate) use awaitable::call::{Call, Reply, finished, spawn};
pub(crate) use awaitable::channel::{Receiver, Sender, Taken, channel};
pub(crate) use awaitable::step::{Next, Source, Step, Waiting};
pub(crate) use engine::Engine;
pub(crate) use fork::{ForkGuarded, PerProcess};
pub(crate) use gc::bytes_pair;
pub(crate) use loops::completion_queue::Messenger;
pub(crate) use loops::event_loop::LoopBridge;
pub(crate) use process::{
    Context, LINGER, active_contexts, after_fork_in_child, at_exit, cleanup, enter,
};

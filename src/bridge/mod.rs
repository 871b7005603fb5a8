//! The ground: tokio and `PyO3`, nothing of etcd.
//!
//! Calls go down through a submission queue to the one engine thread and come back through one
//! completion queue per event loop. The engine thread never attaches to Python and owns no
//! Python object: slab indices cross, the objects stay on their loop's thread.

mod call;
mod completion;
mod engine;
mod event_loop;
mod fork;
mod next;
mod process;
mod stream;
mod untracked;
mod wakeup;

pub(crate) use call::{Call, Reply, finished, spawn};
pub(crate) use completion::Messenger;
pub(crate) use engine::Engine;
pub(crate) use event_loop::LoopBridge;
pub(crate) use fork::{ForkGuarded, PerProcess};
pub(crate) use next::{Next, Source, Step, Waiting};
pub(crate) use process::{
    Context, LINGER, active_contexts, after_fork_in_child, at_exit, cleanup, enter,
};
pub(crate) use stream::{Receiver, Sender, Taken, channel};
pub(crate) use untracked::bytes_pair;

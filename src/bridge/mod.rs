//! The bottom layer: tokio and `PyO3`, nothing of etcd.
//!
//! Calls go to the single engine thread through a submission queue, and their results come back
//! through a completion queue for each event loop. The engine thread never attaches to Python and
//! owns no Python objects: it refers to them by slot numbers, and they stay on their loop's thread.

mod awaitable;
mod contexts;
mod engine;
mod event_loop;
mod fork;
mod interpreter;
mod loops;
mod mutex;
mod objects;
mod shutdown;

pub(crate) use awaitable::call::{Call, Reply, finished, spawn};
pub(crate) use awaitable::channel::{Receiver, Sender, Taken, WaitingSteps, channel};
pub(crate) use awaitable::step::{Next, StepResult, StreamReader};
pub(crate) use contexts::{Context, LINGER, active_contexts, enter};
pub(crate) use engine::Engine;
pub(crate) use event_loop::LoopBridge;
pub(crate) use fork::{ForkGuarded, PerProcess, enter_child};
pub(crate) use interpreter::refuse_sub_interpreter;
pub(crate) use loops::completion_queue::Messenger;
pub(crate) use mutex::Mutex;
pub(crate) use objects::{bytes_object, bytes_pair, or_exception};
pub(crate) use shutdown::{at_exit, cleanup};

//! The bottom layer: tokio and `PyO3`, nothing of etcd.
//!
//! Calls go to the single engine thread through a submission queue, and their results come back
//! through a completion queue for each event loop, or, where there is none, directly to the thread
//! that waits. The engine thread never attaches to Python: it refers to Python objects by slot
//! numbers, and they stay where the call is awaited. All that it is lent is what it sends.

pub(crate) mod arguments;
mod awaitable;
mod completer;
mod completion;
mod contexts;
mod engine;
mod event_loop;
mod fork;
mod host;
mod interpreter;
mod lent;
mod loops;
mod messenger;
mod mutex;
mod objects;
mod python_code;
mod shutdown;
mod threads;

pub(crate) use awaitable::call::{Call, Reply, finished, spawn};
pub(crate) use awaitable::channel::{Receiver, Sender, Taken, channel};
pub(crate) use awaitable::drive::run;
pub(crate) use awaitable::step::{Next, StepResult, StreamReader};
pub(crate) use awaitable::waiting_steps::{Steps, WaitingSteps};
pub(crate) use completer::Completer;
pub(crate) use completion::Ticket;
pub(crate) use contexts::{Context, LINGER, active_contexts, enter};
pub(crate) use engine::{Counted, Engine};
pub(crate) use event_loop::LoopBridge;
pub(crate) use fork::{ForkGuarded, PerProcess, enter_child};
pub(crate) use host::Host;
pub(crate) use interpreter::refuse_sub_interpreter;
pub(crate) use lent::lend;
pub(crate) use messenger::Messenger;
pub(crate) use mutex::Mutex;
pub(crate) use objects::{bytes_object, bytes_pair, or_exception};
pub(crate) use python_code::{call, call_method, import, imported};
pub(crate) use shutdown::{at_exit, cleanup};
pub(crate) use threads::future::ThreadFuture;
pub(crate) use threads::leaving::leaving;
pub(crate) use threads::parker::{ThreadHandle, on_interrupt};
pub(crate) use threads::shield::Shield;
pub(crate) use threads::steps::{call_outside, in_step};

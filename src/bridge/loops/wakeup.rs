//! How the engine thread wakes an event loop that has completions to take.

use std::io;
use std::sync::{Condvar, Mutex, PoisonError};

#[cfg(unix)]
use std::os::fd::{AsRawFd, OwnedFd};

/// A file descriptor that becomes readable: an `eventfd` on Linux, a pipe elsewhere.
#[cfg(unix)]
pub(crate) struct Wakeup {
    reader: OwnedFd,
    /// `None` for an `eventfd`, which is written to through the same descriptor.
    writer: Option<OwnedFd>,
}

#[cfg(unix)]
impl Wakeup {
    #[cfg(target_os = "linux")]
    pub(crate) fn new() -> io::Result<Self> {
        use rustix::event::{EventfdFlags, eventfd};
        let reader = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { reader, writer: None })
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn new() -> io::Result<Self> {
        use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
        use rustix::io::{FdFlags, fcntl_setfd};
        let (reader, writer) = rustix::pipe::pipe()?;
        for end in [&reader, &writer] {
            fcntl_setfd(end, FdFlags::CLOEXEC)?;
            fcntl_setfl(end, fcntl_getfl(end)? | OFlags::NONBLOCK)?;
        }
        Ok(Self { reader, writer: Some(writer) })
    }

    pub(crate) fn descriptor(&self) -> i32 {
        self.reader.as_raw_fd()
    }

    /// Makes the descriptor readable. If the pipe or counter is full, it already is.
    pub(crate) fn raise(&self) {
        let writer = self.writer.as_ref().unwrap_or(&self.reader);
        let _ = rustix::io::write(writer, &1_u64.to_ne_bytes());
    }

    pub(crate) fn clear(&self) {
        let mut buffer = [0_u8; 64];
        let _ = rustix::io::read(&self.reader, &mut buffer);
    }
}

/// The default loop of Windows has no `add_reader`; there, only the notifier thread is used.
#[cfg(not(unix))]
pub(crate) enum Wakeup {}

#[cfg(not(unix))]
impl Wakeup {
    pub(crate) fn new() -> io::Result<Self> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }

    pub(crate) fn descriptor(&self) -> i32 {
        match *self {}
    }

    pub(crate) fn raise(&self) {
        match *self {}
    }

    pub(crate) fn clear(&self) {
        match *self {}
    }
}

/// Wakes the notifier thread of a loop that cannot watch descriptors.
#[derive(Default)]
pub(crate) struct ThreadWakeup {
    state: Mutex<ThreadWakeupState>,
    changed: Condvar,
}

#[derive(Default)]
struct ThreadWakeupState {
    raised: bool,
    closed: bool,
}

impl ThreadWakeup {
    pub(crate) fn raise(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).raised = true;
        self.changed.notify_one();
    }

    pub(crate) fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.changed.notify_one();
    }

    /// Waits until it is raised; false once closed.
    pub(crate) fn wait(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !state.raised && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.raised = false;
        !state.closed
    }
}

//! The byte stream under a connection, which records activity for the health check.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::rpc::connection::dial::Io;
use crate::rpc::connection::frame_scan::FrameScan;
use crate::rpc::connection::patient_pongs::PatientPongs;
use crate::rpc::connection::state::State;
use crate::rpc::connection::tls;

pub struct ObservedIo {
    stream: PatientPongs,
    state: Arc<State>,
    frames: FrameScan,
}

impl ObservedIo {
    pub fn new(stream: Box<dyn Io>, state: &Arc<State>) -> Self {
        Self {
            stream: PatientPongs::new(stream),
            state: Arc::clone(state),
            frames: FrameScan::default(),
        }
    }

    /// Records what was written. Before the HTTP/2 handshake, a failed write is ignored, because
    /// reading gives the reason: a server that refuses the client's certificate says so and hangs
    /// up.
    fn written(&self, outcome: Poll<io::Result<usize>>, asked: usize) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Ready(Ok(count)) => {
                self.state.health.note_written(count);
                outcome
            }
            Poll::Ready(Err(_)) if self.state.health.received() == 0 => Poll::Ready(Ok(asked)),
            _ => outcome,
        }
    }
}

impl AsyncRead for ObservedIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.state.health.is_turn_over() {
            // A flooded connection must not keep the engine's only thread from the others. The
            // runtime polls all sockets before it wakes a task that has yielded.
            let yielding = tokio::task::yield_now();
            tokio::pin!(yielding);
            return yielding.poll(context).map(Ok);
        }
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        let read = &buffer.filled()[before..];
        self.state.health.note_received(read.len());
        let seen = self.frames.scan(read);
        if seen.control {
            self.state.health.note_control_frame();
        }
        if seen.answer {
            self.state.health.note_answer();
        }
        if let Poll::Ready(Err(error)) = &outcome
            && let Some(alert) = tls::alert(error)
        {
            self.state.health.set_alert(alert);
        }
        outcome
    }
}

impl AsyncWrite for ObservedIo {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, buffer);
        self.written(outcome, buffer.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.written(outcome, buffers.iter().map(|buffer| buffer.len()).sum())
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(context);
        match outcome {
            Poll::Ready(Err(_)) if self.state.health.received() == 0 => Poll::Ready(Ok(())),
            _ => outcome,
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

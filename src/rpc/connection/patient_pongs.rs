//! Holds back the answer to a server's ping until something else is written.
//!
//! gRPC servers ping at nearly every message that they receive, to measure the link. Sent by
//! itself, each answer would cost a system call and a packet, as much as the request did, before
//! the response is looked at. What servers measure decides how much of a large request they let
//! come at once, so that answers amid those do not wait.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::rpc::connection::dial::Io;

/// The size of an answer: the head of a frame, and 8 bytes.
const PONG: usize = 17;
const HEAD_OF_PONG: [u8; 9] = [0, 0, 8, 6, 1, 0, 0, 0, 0];
/// For how long an answer is held back at most: servers wait for seconds. With a shorter time, the
/// engine would be woken for it between the calls of programs that make a few a second.
const PATIENCE: Duration = Duration::from_millis(100);
/// After so many bytes, answers do not wait.
const MUCH: usize = 16 << 10;
/// How many buffers are written at once, one with an answer.
const MOST_BUFFERS: usize = 8;

pub(super) struct PatientPongs {
    stream: Box<dyn Io>,
    held: [u8; PONG],
    /// How many bytes of `held` have still to be written.
    missing: usize,
    /// When they are written even if there is nothing else to write.
    due: Pin<Box<Sleep>>,
    /// How many bytes have been written since the last answer.
    written: usize,
}

impl PatientPongs {
    pub(super) fn new(stream: Box<dyn Io>) -> Self {
        let due = Box::pin(sleep_until(Instant::now()));
        Self { stream, held: [0; PONG], missing: 0, due, written: 0 }
    }

    /// Holds back what is to be written if it is an answer. The end of a value may look like one
    /// too: it is merely late then, as nothing overtakes what is held.
    fn hold(&mut self, buffers: &[IoSlice<'_>]) -> bool {
        let [only] = buffers else { return false };
        if only.len() != PONG || !only.starts_with(&HEAD_OF_PONG) {
            return false;
        }
        let holds = self.missing == 0 && std::mem::take(&mut self.written) < MUCH;
        if holds {
            self.held.copy_from_slice(only);
            self.missing = PONG;
            self.due.as_mut().reset(Instant::now() + PATIENCE);
        }
        holds
    }

    /// Writes what is held, followed by `buffers`; returns how much of the latter is written.
    fn poll_release(
        &mut self,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        while self.missing > 0 {
            let count = buffers.len().min(MOST_BUFFERS - 1);
            let mut all = [IoSlice::new(&[]); MOST_BUFFERS];
            all[0] = IoSlice::new(&self.held[PONG - self.missing..]);
            all[1..=count].copy_from_slice(&buffers[..count]);
            let stream = Pin::new(&mut self.stream);
            let written = ready!(stream.poll_write_vectored(context, &all[..=count]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let of_held = written.min(self.missing);
            self.missing -= of_held;
            if written > of_held {
                return Poll::Ready(Ok(written - of_held));
            }
        }
        Poll::Ready(Ok(0))
    }
}

impl AsyncRead for PatientPongs {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for PatientPongs {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(buffer)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.hold(buffers) {
            return Poll::Ready(Ok(PONG));
        }
        let written = match ready!(self.poll_release(context, buffers))? {
            0 => ready!(Pin::new(&mut self.stream).poll_write_vectored(context, buffers))?,
            written => written,
        };
        self.written += written;
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// HTTP/2 flushes at the end of each of its turns, so also when `due` has woken it.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.missing > 0 && self.due.as_mut().poll(context).is_ready() {
            ready!(self.poll_release(context, &[]))?;
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::timeout;

    fn run(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(test);
    }

    fn patient(room: usize) -> (PatientPongs, DuplexStream) {
        let (near, far) = duplex(room);
        (PatientPongs::new(Box::new(near)), far)
    }

    fn pong(number: u8) -> Vec<u8> {
        [&HEAD_OF_PONG[..], &[number; 8]].concat()
    }

    #[test]
    fn an_answer_waits_for_the_next_write() {
        run(async {
            let (mut near, mut far) = patient(1000);
            near.write_all(&pong(1)).await.unwrap();
            let early = timeout(Duration::ZERO, far.read_u8()).await;
            assert!(early.is_err());
            near.write_all(b"request").await.unwrap();
            let mut read = [0; PONG + 7];
            far.read_exact(&mut read).await.unwrap();
            assert_eq!(read[..], [&pong(1)[..], b"request"].concat());
        });
    }

    #[test]
    fn an_answer_amid_a_large_request_does_not_wait() {
        run(async {
            let (mut near, mut far) = patient(2 * MUCH);
            near.write_all(&vec![7; MUCH]).await.unwrap();
            near.write_all(&pong(1)).await.unwrap();
            let mut read = vec![0; MUCH + PONG];
            let all = timeout(Duration::ZERO, far.read_exact(&mut read)).await;
            all.unwrap().unwrap();
            assert_eq!(read[MUCH..], pong(1));
        });
    }

    #[test]
    fn an_answer_does_not_wait_long() {
        run(async {
            let (mut near, mut far) = patient(1000);
            near.write_all(&pong(1)).await.unwrap();
            let flushing = async {
                // As HTTP/2 does whenever it is woken.
                std::future::poll_fn(|context| {
                    let _ = Pin::new(&mut near).poll_flush(context);
                    Poll::<()>::Pending
                })
                .await;
            };
            let mut read = [0; PONG];
            tokio::select! {
                () = flushing => {}
                read = far.read_exact(&mut read) => drop(read.unwrap()),
            }
            assert_eq!(read[..], pong(1));
        });
    }

    #[test]
    fn nothing_is_lost_or_reordered_where_little_can_be_written_at_once() {
        for room in 1..60 {
            run(async {
                let (mut near, mut far) = patient(room);
                let parts =
                    [pong(1), b"one".to_vec(), pong(2), pong(3), vec![7; 40], pong(4), vec![8]];
                let sent = parts.concat();
                let mut read = vec![0; sent.len()];
                let writing = async {
                    for part in &parts {
                        near.write_all(part).await.unwrap();
                        near.flush().await.unwrap();
                    }
                };
                let (_, ()) = tokio::join!(far.read_exact(&mut read), writing);
                assert_eq!(read, sent, "{room}");
            });
        }
    }
}

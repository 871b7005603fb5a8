//! Moments in the life of a stream that a program may wait for.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::watch;

use crate::py::support::stream::end::End;
use crate::rpc::error::Error;

/// How far a stream has come.
#[derive(Clone, Default)]
pub(crate) struct StreamState {
    pub(crate) begun: bool,
    pub(crate) end: Option<End>,
}

#[derive(Clone, Copy)]
pub(crate) enum Moment {
    /// The server has sent its first response.
    Begun,
    Ended,
}

impl StreamState {
    pub(crate) fn has_come_to(&self, moment: Moment) -> bool {
        match moment {
            Moment::Begun => self.begun,
            Moment::Ended => self.end.is_some(),
        }
    }

    /// The outcome of a wait for a moment, which has come or cannot come any more.
    pub(crate) fn outcome(self, moment: Moment) -> Result<(), Error> {
        let has_come = self.has_come_to(moment);
        match self.end {
            Some(End::Failed(error)) if !has_come => Err(error),
            _ => Ok(()),
        }
    }
}

/// How far a stream has come, for those who ask or wait; it does not keep the stream open.
pub(crate) trait Course: Send + Sync {
    fn state(&self) -> StreamState;

    /// Waits for a moment; fails if the stream ends before it.
    fn until(self: Arc<Self>, moment: Moment) -> Reached;
}

pub(crate) type Reached = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

impl Course for watch::Receiver<StreamState> {
    fn state(&self) -> StreamState {
        self.borrow().clone()
    }

    fn until(self: Arc<Self>, moment: Moment) -> Reached {
        let mut state = Self::clone(&self);
        Box::pin(async move {
            // The sender is dropped with the stream's task, which is the end too.
            let _ = state.wait_for(|now| now.has_come_to(moment) || now.end.is_some()).await;
            state.state().outcome(moment)
        })
    }
}

//! Moments in the life of a stream that a program may wait for.

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
}

/// Waits for a moment; fails if the stream ends before it.
pub(crate) async fn until(
    mut state: watch::Receiver<StreamState>,
    moment: Moment,
) -> Result<(), Error> {
    // The sender is dropped with the stream's task, which is the end too.
    let _ = state.wait_for(|now| now.has_come_to(moment) || now.end.is_some()).await;
    let now = state.borrow();
    match &now.end {
        Some(End::Failed(error)) if !now.has_come_to(moment) => Err(error.clone()),
        _ => Ok(()),
    }
}

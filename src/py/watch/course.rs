//! How far a watch has come, as its program is told.

use std::sync::Arc;

use crate::py::support::stream::end::End;
use crate::py::support::stream::moment::{Course, Moment, Reached, StreamState};
use crate::rpc::watch::{Inbox, Stage};

impl Course for Inbox {
    fn state(&self) -> StreamState {
        let Stage { begun, over, failure } = self.stage();
        StreamState { begun, end: over.then(|| failure.map_or(End::Finished, End::Failed)) }
    }

    fn until(self: Arc<Self>, moment: Moment) -> Reached {
        Box::pin(async move {
            match moment {
                Moment::Begun => self.begun().await,
                Moment::Ended => self.over().await,
            }
            self.state().outcome(moment)
        })
    }
}

//! Questions that a stream asks the server in separate calls.

use std::future::{Future, pending};
use std::pin::Pin;

use crate::rpc::error::Failure;

type Question<T> = Option<Pin<Box<dyn Future<Output = T> + Send>>>;

/// The answer to such a question.
pub enum Checked {
    /// Whether the member's answers to progress requests can be trusted.
    OrdersProgress(Result<bool, Failure>),
    /// The cluster's revision; `None` if it could not be determined.
    ClusterRevision(Option<i64>),
}

/// At most one question of each kind is in flight.
#[derive(Default)]
pub struct Checks {
    orders_progress: Question<Result<bool, Failure>>,
    cluster_revision: Question<Option<i64>>,
}

impl Checks {
    pub fn ask_for_order<F>(&mut self, question: impl FnOnce() -> F)
    where
        F: Future<Output = Result<bool, Failure>> + Send + 'static,
    {
        self.orders_progress.get_or_insert_with(|| Box::pin(question()));
    }

    pub fn ask_for_revision<F>(&mut self, question: impl FnOnce() -> F)
    where
        F: Future<Output = Option<i64>> + Send + 'static,
    {
        self.cluster_revision.get_or_insert_with(|| Box::pin(question()));
    }

    /// The next answer. Cancel safe.
    pub async fn next(&mut self) -> Checked {
        tokio::select! {
            orders = answer(&mut self.orders_progress) => Checked::OrdersProgress(orders),
            revision = answer(&mut self.cluster_revision) => Checked::ClusterRevision(revision),
        }
    }
}

async fn answer<T>(question: &mut Question<T>) -> T {
    let Some(asked) = question else { return pending().await };
    let answer = asked.await;
    *question = None;
    answer
}

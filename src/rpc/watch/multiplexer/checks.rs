//! What a stream has to find out from the server beside its watches.

use std::future::{Future, pending};
use std::pin::Pin;

use crate::rpc::error::Failure;

type Question<T> = Option<Pin<Box<dyn Future<Output = T> + Send>>>;

/// What was found out.
pub enum Checked {
    /// Whether its answers to requests for progress can be relied on.
    OrdersProgress(Result<bool, Failure>),
    /// Where the cluster is; `None` where nobody can tell.
    ClusterRevision(Option<i64>),
}

/// At most one question of each kind is under way.
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

    /// The next that is found out. Can be dropped and called again.
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

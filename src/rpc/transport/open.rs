//! The transport to a cluster, shared by all communicators with the same endpoints and options.

use std::any::Any;
use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use crate::rpc::connection::MAX_STREAM_ID;
use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::options::Options;
use crate::rpc::error::{Error, Failure, Meaning};
use crate::rpc::transport::pool::Pool;
use crate::rpc::transport::services::Services;
use crate::rpc::transport::stats::Stats;
use crate::rpc::transport::token::TokenStore;

pub struct Transport {
    pub pool: Arc<Pool>,
    pub options: Options,
    pub stats: Arc<Stats>,
    pub(super) tokens: TokenStore,
    services: Services,
}

impl Transport {
    pub fn new(endpoints: Vec<Endpoint>, options: Options) -> Arc<Self> {
        Self::with_max_stream_id(endpoints, options, MAX_STREAM_ID)
    }

    /// The same with connections that accept fewer calls, for tests.
    pub(super) fn with_max_stream_id(
        endpoints: Vec<Endpoint>,
        options: Options,
        max_stream_id: u32,
    ) -> Arc<Self> {
        let has_hooks = options.observer.is_some();
        let stats = if has_hooks { Stats::with_events() } else { Stats::default() };
        let stats = Arc::new(stats);
        Arc::new(Self {
            pool: Pool::new(endpoints, options.clone(), Arc::clone(&stats), max_stream_id),
            tokens: TokenStore::new(options.user.clone(), Arc::clone(&stats)),
            options,
            stats,
            services: Services::default(),
        })
    }

    /// The service of a type, made when it is first used. It must not own the transport, which
    /// would then live for ever.
    pub fn service<S: Any + Send + Sync + Default>(&self) -> Arc<S> {
        self.services.get()
    }

    /// Whether it is connected already.
    pub fn is_connected(&self) -> bool {
        self.tokens.is_ready() && self.pool.is_connected()
    }

    /// Opens the first connection and authenticates the user.
    pub async fn connect(&self) -> Result<(), Error> {
        let deadline = Instant::now() + self.options.connect_timeout;
        let connecting = async {
            let reserved = self.pool.connect().await.map_err(Error::Connection)?;
            match self.tokens.get(&reserved.connection).await {
                Err(Failure::Server(status) | Failure::Unusable(status))
                    if status.meaning() == Meaning::Refused =>
                {
                    Err(Error::Server(status))
                }
                // Calls have the time to wait for a leader or for another member.
                Ok(_) | Err(_) => Ok(()),
            }
        };
        timeout_at(deadline, connecting).await.unwrap_or_else(|_| {
            Err(Error::Connection(format!(
                "no endpoint could be reached within {} s: {}",
                self.options.connect_timeout.as_secs_f64(),
                self.pool.last_errors()
            )))
        })
    }
}

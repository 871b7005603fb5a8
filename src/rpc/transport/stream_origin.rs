//! Where a stream came from, for the case that it fails.

use std::sync::Arc;

use crate::rpc::connection::Connection;
use crate::rpc::error::{Failure, WrongServer};
use crate::rpc::transport::backoff::{SHUN, SHUN_SILENT};
use crate::rpc::transport::open::Transport;
use crate::rpc::transport::token::Token;

#[derive(Clone)]
pub struct StreamOrigin {
    pub(super) connection: Arc<Connection>,
    token: Token,
}

impl StreamOrigin {
    pub(super) fn new(connection: Arc<Connection>, token: &Token) -> Self {
        Self { connection, token: token.clone() }
    }

    /// Makes the next stream, and other calls, prefer another member.
    pub fn shun(&self, transport: &Transport, why: &str) {
        transport.pool.shun(&self.connection, why, SHUN);
    }

    /// How many streams the member allows at once on a connection.
    pub fn streams_allowed(&self) -> usize {
        self.connection.streams_allowed()
    }

    /// Says that the member should have answered: it is pinged, and others are preferred for a
    /// while.
    pub fn is_silent(&self, transport: &Transport, why: &str) {
        self.connection.doubt();
        transport.pool.shun(&self.connection, why, SHUN_SILENT);
    }

    /// Leaves what is no member of the cluster for others. Whether there is any that may be one.
    pub fn refuse(&self, transport: &Transport, server: &WrongServer) -> bool {
        transport.pool.refuse(&self.connection, server)
    }

    /// Completes when the endpoint is not to be used any more.
    pub async fn retired(&self) {
        self.connection.retired().await;
    }

    /// Whether the member answers a request for progress behind the events that it is about.
    pub async fn orders_progress(&self) -> Result<bool, Failure> {
        self.connection.orders_progress(&self.token.metadata()).await
    }

    /// Makes the next stream use a new token; false where that is of no use.
    pub fn renew_token(&self, transport: &Transport) -> bool {
        transport.tokens.refused(&self.token);
        transport.tokens.is_renewable()
    }
}

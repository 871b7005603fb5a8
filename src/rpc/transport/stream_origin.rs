//! The connection and token with which a stream was opened, for handling its failure.

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

    /// The name of the member's endpoint.
    pub fn endpoint(&self) -> &str {
        &self.connection.endpoint().name
    }

    /// Prefers other members for a while, for the next stream and for other calls.
    pub fn shun(&self, transport: &Transport, why: &str) {
        transport.pool.shun(&self.connection, why, SHUN);
    }

    /// How many streams the member allows at once on a connection.
    pub fn streams_allowed(&self) -> usize {
        self.connection.streams_allowed()
    }

    /// Reports that the member should have answered: it is pinged, and other members are preferred
    /// for a while.
    pub fn is_silent(&self, transport: &Transport, why: &str) {
        self.connection.doubt();
        transport.pool.shun(&self.connection, why, SHUN_SILENT);
    }

    /// Avoids a server that is not a member of the cluster. Returns whether any endpoint may still
    /// be one.
    pub fn refuse(&self, transport: &Transport, server: &WrongServer) -> bool {
        transport.pool.refuse(&self.connection, server)
    }

    /// Completes when streams are asked to leave the connection.
    pub async fn retired(&self) {
        self.connection.retired().await;
    }

    /// Whether the member sends the answer to a progress request after the events that it covers.
    pub async fn orders_progress(&self) -> Result<bool, Failure> {
        self.connection.orders_progress(&self.token.metadata()).await
    }

    /// Discards the token, so that the next stream uses a new one. False if there is no use in
    /// that.
    pub fn renew_token(&self, transport: &Transport) -> bool {
        transport.tokens.refused(&self.token);
        transport.tokens.is_renewable()
    }
}

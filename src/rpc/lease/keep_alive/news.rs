//! What the holders of a lease are told about its renewals.

use crate::rpc::error::Error;
use crate::rpc::lease::clock::Moment;
use crate::rpc::wire::messages::LeaseKeepAliveResponse;

#[derive(Clone, Default)]
pub struct News {
    /// The last renewal that was confirmed, and when it was sent.
    pub renewed: Option<(Moment, LeaseKeepAliveResponse)>,
    /// The last refusal, and when it came: trying again may be of no use.
    pub refused: Option<(Moment, Error)>,
    pub over: bool,
    /// Whether the server has said that there is no such lease.
    pub not_found: bool,
}

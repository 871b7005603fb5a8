//! The state of a lease's renewals, as its holders see it.

use crate::rpc::error::Error;
use crate::rpc::lease::clock::Moment;
use crate::rpc::wire::messages::LeaseKeepAliveResponse;

#[derive(Clone, Default)]
pub struct News {
    /// The last renewal that the server confirmed, and when it was sent.
    pub renewed: Option<(Moment, LeaseKeepAliveResponse)>,
    /// The last refusal, and when it came. Retrying may be useless.
    pub refused: Option<(Moment, Error)>,
    pub over: bool,
    /// Whether the server has reported that there is no such lease.
    pub not_found: bool,
}

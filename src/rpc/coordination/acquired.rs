//! The result of an acquisition.

use std::sync::Arc;

use crate::rpc::coordination::waiting_line::Place;
use crate::rpc::error::Error;
use crate::rpc::lease::keep_alive::KeptLease;
use crate::rpc::wire::messages::ResponseHeader;

/// What has been acquired.
pub struct Acquired {
    pub lease: i64,
    /// As the server granted it, in seconds; 0 for the caller's own lease.
    pub ttl: i64,
    pub header: ResponseHeader,
    /// `None` for a lease alone.
    pub place: Option<Place>,
    /// The lease, if it is kept alive here.
    pub kept: Option<Arc<KeptLease>>,
}

/// The reply to the caller; `None` if another client holds it and no wait was wanted.
pub type Answer = Result<Option<Acquired>, Error>;

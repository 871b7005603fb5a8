//! What has been acquired, and how that is answered.

use std::sync::Arc;

use crate::rpc::coordination::waiting_line::Place;
use crate::rpc::error::Error;
use crate::rpc::lease::keep_alive::KeptLease;
use crate::rpc::wire::messages::ResponseHeader;

/// What has been acquired.
pub struct Acquired {
    pub lease: i64,
    /// As the server granted it, in seconds; 0 for a lease of the caller's.
    pub ttl: i64,
    pub header: ResponseHeader,
    /// `None` where only the lease was wanted.
    pub place: Option<Place>,
    /// The lease, where it is kept alive here.
    pub kept: Option<Arc<KeptLease>>,
}

/// The answer to the one who wants it; `None` where another holds it and there is to be no wait.
pub type Answer = Result<Option<Acquired>, Error>;

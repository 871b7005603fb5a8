//! The server's lock service.

use crate::rpc::error::Error;
use crate::rpc::transport::{Deadline, Request, Transport};
use crate::rpc::wire::messages::{HeaderOnly, LockRequest, LockResponse, UnlockRequest};
use crate::rpc::wire::method;

/// Waits until a lock is held with the given lease.
pub async fn lock(
    transport: &Transport,
    name: Vec<u8>,
    lease: i64,
    deadline: Deadline,
) -> Result<LockResponse, Error> {
    transport.call(Request::new(&method::LOCK, &LockRequest { name, lease }), deadline).await
}

pub async fn unlock(
    transport: &Transport,
    key: Vec<u8>,
    deadline: Deadline,
) -> Result<HeaderOnly, Error> {
    transport.call(Request::new(&method::UNLOCK, &UnlockRequest { key }), deadline).await
}

//! The server's lock service.

use crate::rpc::error::Error;
use crate::rpc::transport::{Deadline, Transport};
use crate::rpc::wire;
use crate::rpc::wire::messages::{HeaderOnly, LockRequest, LockResponse, UnlockRequest};
use crate::rpc::wire::method;

impl Transport {
    /// Waits until a lock is held with the given lease.
    pub async fn lock(
        &self,
        name: Vec<u8>,
        lease: i64,
        deadline: Deadline,
    ) -> Result<LockResponse, Error> {
        let request = wire::frame(&LockRequest { name, lease });
        self.call(&method::LOCK, request, deadline).await
    }

    pub async fn unlock(&self, key: Vec<u8>, deadline: Deadline) -> Result<HeaderOnly, Error> {
        self.call(&method::UNLOCK, wire::frame(&UnlockRequest { key }), deadline).await
    }
}

//! The server's lock service.

use crate::rpc::error::Error;
use crate::rpc::transport::{Deadline, Request, Transport};
use crate::rpc::wire::messages::{HeaderOnly, UnlockRequest};
use crate::rpc::wire::method;

pub async fn unlock(
    transport: &Transport,
    key: Vec<u8>,
    deadline: Deadline,
) -> Result<HeaderOnly, Error> {
    transport.call(Request::new(&method::UNLOCK, &UnlockRequest { key }), deadline).await
}

//! The calls of the lease service.

use std::time::Duration;

use etcd_client::proto::{PbLeaseGrantRequest, PbLeaseRevokeRequest, PbLeaseTimeToLiveRequest};
use tokio::time::{Instant, sleep};

use crate::rpc::error::grpc_status::NOT_FOUND;
use crate::rpc::error::{Error, GrpcStatus};
use crate::rpc::transport::backoff;
use crate::rpc::transport::{CallOptions, Deadline, Request, Transport};
use crate::rpc::wire::messages::{
    Empty, HeaderOnly, LeaseGrantResponse, LeaseLeasesResponse, LeaseTimeToLiveResponse,
};
use crate::rpc::wire::method;

/// A cancelled grant takes effect within this time, if at all: its member knows of the
/// cancellation, and an earlier proposal is decided within an election timeout.
const LATEST_GRANT: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// An id for a new lease, positive like those that etcd chooses.
pub fn new_id() -> i64 {
    i64::try_from(backoff::random() >> 1).unwrap_or(0).max(1)
}

pub fn not_found() -> Error {
    Error::Server(GrpcStatus::new(NOT_FOUND, "etcdserver: requested lease not found"))
}

/// Grants a lease with an id from `new_id`.
pub async fn grant(
    transport: &Transport,
    id: i64,
    ttl: i64,
    options: CallOptions,
) -> Result<LeaseGrantResponse, Error> {
    let request = Request::new(&method::LEASE_GRANT, &PbLeaseGrantRequest { ttl, id });
    match transport.call(request, options).await {
        // By an attempt whose response was lost.
        Err(error) if error.is_server_error("LeaseExist") => {
            let granted = time_to_live(transport, id, false, options).await?;
            Ok(LeaseGrantResponse { header: granted.header, id, ttl: granted.granted_ttl })
        }
        outcome => outcome,
    }
}

/// Grants a lease with an id that the caller chose.
pub async fn grant_with_id(
    transport: &Transport,
    id: i64,
    ttl: i64,
    options: CallOptions,
) -> Result<LeaseGrantResponse, Error> {
    let request = Request::new(&method::LEASE_GRANT_WITH_ID, &PbLeaseGrantRequest { ttl, id });
    transport.call(request, options).await
}

pub async fn revoke(
    transport: &Transport,
    id: i64,
    options: CallOptions,
) -> Result<HeaderOnly, Error> {
    let request = Request::new(&method::LEASE_REVOKE, &PbLeaseRevokeRequest { id });
    match transport.call(request.clone(), options).await {
        Err(Error::OutcomeUnknown(cause)) if !matches!(*cause, Error::Timeout(_)) => {}
        outcome => return outcome,
    }
    let again = Request { method: &method::LEASE_REVOKE_AGAIN, ..request };
    match transport.call(again, options).await {
        // By the first attempt.
        Err(error) if error.is_server_error("LeaseNotFound") => {
            let gone = time_to_live(transport, id, false, options).await?;
            Ok(HeaderOnly { header: gone.header })
        }
        Err(error) => Err(error.for_mutation(true)),
        outcome => outcome,
    }
}

/// Revokes a lease, whether or not it still exists. If its grant was not `heard` of, the grant may
/// still be on the way, and the revocation may overtake it: so it is retried until the lease
/// existed, or can no longer come into existence.
pub async fn forget(
    transport: &Transport,
    id: i64,
    heard: bool,
    deadline: Deadline,
) -> Result<(), Error> {
    let request = Request::new(&method::LEASE_REVOKE_AGAIN, &PbLeaseRevokeRequest { id });
    let latest = Instant::now() + if heard { Duration::ZERO } else { LATEST_GRANT };
    for asked in 0.. {
        match transport.call::<HeaderOnly>(request.clone(), deadline).await {
            Err(error) if error.is_server_error("LeaseNotFound") => {}
            outcome => return outcome.map(drop),
        }
        if Instant::now() >= latest {
            break;
        }
        sleep(backoff::delay(asked, FIRST_PAUSE, LONGEST_PAUSE)).await;
    }
    Ok(())
}

pub async fn time_to_live(
    transport: &Transport,
    id: i64,
    keys: bool,
    options: CallOptions,
) -> Result<LeaseTimeToLiveResponse, Error> {
    let request = Request::new(&method::LEASE_TIME_TO_LIVE, &PbLeaseTimeToLiveRequest { id, keys });
    transport.call(request, options).await
}

pub async fn list(
    transport: &Transport,
    options: CallOptions,
) -> Result<LeaseLeasesResponse, Error> {
    transport.call(Request::new(&method::LEASE_LEASES, &Empty {}), options).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_positive_and_differ() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| new_id()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|&id| id > 0));
    }
}

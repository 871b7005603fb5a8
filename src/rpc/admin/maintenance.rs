//! The maintenance service: single members, and the cluster's alarms, leader and version.

use bytes::Bytes;
use etcd_client::proto::{
    PbAlarmMember, PbAlarmRequest, PbAlarmResponse, PbDefragmentRequest, PbDowngradeRequest,
    PbHashKvRequest, PbHashRequest, PbMemberListResponse, PbMoveLeaderRequest,
    PbMoveLeaderResponse, PbStatusRequest, PbStatusResponse,
};
use futures_util::future::select_ok;
use prost::Message;
use tokio::time::{Instant, timeout_at};

use crate::rpc::admin::cluster::{member_list, serving};
use crate::rpc::connection::Stream;
use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::error::grpc_status::UNAVAILABLE;
use crate::rpc::error::{Error, Failure, GrpcStatus, Meaning};
use crate::rpc::transport::{CallOptions, Deadline, Request, Transport, conclude};
use crate::rpc::wire;
use crate::rpc::wire::messages::{Empty, ResponseHeader};
use crate::rpc::wire::method;

const GET: i32 = 0;
const ACTIVATE: i32 = 1;
const DEACTIVATE: i32 = 2;

/// Every kind of alarm.
pub const ANY_ALARM: i32 = 0;

pub fn alarm_list() -> Request {
    Request::new(&method::ALARM_LIST, &alarm(GET, 0, ANY_ALARM))
}

pub fn alarm_activate(member_id: u64, kind: i32) -> Request {
    Request::new(&method::ALARM, &alarm(ACTIVATE, member_id, kind))
}

fn alarm(action: i32, member_id: u64, alarm: i32) -> PbAlarmRequest {
    PbAlarmRequest { action, member_id, alarm }
}

pub fn status() -> Request {
    Request::new(&method::STATUS, &PbStatusRequest {})
}

pub fn defragment() -> Request {
    Request::new(&method::DEFRAGMENT, &PbDefragmentRequest {})
}

pub fn hash() -> Request {
    Request::new(&method::HASH, &PbHashRequest {})
}

pub fn hash_kv(revision: i64) -> Request {
    Request::new(&method::HASH_KV, &PbHashKvRequest { revision })
}

fn move_leader_request(target_id: u64) -> Request {
    Request::new(&method::MOVE_LEADER, &PbMoveLeaderRequest { target_id })
}

pub fn downgrade(action: i32, version: String) -> Request {
    Request::new(&method::DOWNGRADE, &PbDowngradeRequest { action, version })
}

/// Disarms the alarms of one member or of all, of one kind or of all kinds, and returns them.
pub async fn alarm_disarm(
    transport: &Transport,
    member_id: Option<u64>,
    kind: i32,
    options: CallOptions,
) -> Result<PbAlarmResponse, Error> {
    let mut response: PbAlarmResponse = transport.call(alarm_list(), options).await?;
    let concerns = |raised: &PbAlarmMember| {
        member_id.is_none_or(|id| raised.member_id == id)
            && (kind == ANY_ALARM || raised.alarm == kind)
    };
    response.alarms.retain(concerns);
    for raised in &response.alarms {
        let request = alarm(DEACTIVATE, raised.member_id, raised.alarm);
        let request = Request::new(&method::ALARM, &request);
        response.header = transport.call::<PbAlarmResponse>(request, options).await?.header;
    }
    Ok(response)
}

/// Transfers the leadership to another member. Only the leader accepts the request, so it is
/// looked for among the endpoints, and then among the client URLs that the members advertise.
pub async fn move_leader(
    transport: &Transport,
    target_id: u64,
    options: CallOptions,
) -> Result<PbMoveLeaderResponse, Error> {
    let leader = find_leader(transport, options).await?;
    transport.call_on(Some(&leader), move_leader_request(target_id), options).await
}

async fn find_leader(transport: &Transport, options: CallOptions) -> Result<Endpoint, Error> {
    if let Some(leader) = leading(transport, transport.pool.endpoints(), options.deadline).await {
        return Ok(leader);
    }
    let response: PbMemberListResponse = transport.call(member_list(false), options).await?;
    let tls = transport.options.tls.is_some();
    let advertised = response.members.iter().flat_map(|member| serving(member, tls)).collect();
    leading(transport, advertised, options.deadline)
        .await
        .ok_or_else(|| Error::Server(GrpcStatus::new(UNAVAILABLE, "etcdserver: no leader")))
}

/// The endpoint of the leader. Waiting for members that do not answer is limited to the connect
/// timeout.
async fn leading(
    transport: &Transport,
    endpoints: Vec<Endpoint>,
    deadline: Deadline,
) -> Option<Endpoint> {
    let limit = Instant::now() + transport.options.connect_timeout;
    let limit = deadline.map_or(limit, |deadline| deadline.min(limit));
    let ask = |endpoint: Endpoint| async move {
        let answer =
            transport.call_on(Some(&endpoint), status(), CallOptions::from(Some(limit))).await;
        answer.ok().filter(leads).map(|_| endpoint).ok_or(())
    };
    let asked: Vec<_> = endpoints.into_iter().map(|endpoint| Box::pin(ask(endpoint))).collect();
    // `select_ok` panics on an empty list.
    if asked.is_empty() {
        return None;
    }
    select_ok(asked).await.ok().map(|(leader, _)| leader)
}

/// Opens the stream of a member's database and waits for its first message. Until then it can be
/// retried like any read; afterwards another member would send a different database.
pub async fn snapshot(
    transport: &Transport,
    endpoint: Option<&Endpoint>,
    deadline: Deadline,
) -> Result<Snapshot, Error> {
    let opening = open_snapshot(transport, endpoint, deadline);
    let Some(deadline) = deadline else { return opening.await };
    timeout_at(deadline, opening).await.unwrap_or_else(|_| {
        Err(Error::Timeout("Snapshot: nothing came within the deadline".into()))
    })
}

async fn open_snapshot(
    transport: &Transport,
    endpoint: Option<&Endpoint>,
    deadline: Deadline,
) -> Result<Snapshot, Error> {
    let method = &method::SNAPSHOT;
    let request = Request::new(method, &Empty {});
    let mut renewed = false;
    loop {
        let (mut stream, origin) = transport.stream_on(endpoint, request.clone(), deadline).await?;
        let failure = match stream.message().await {
            Ok(first) => return Ok(Snapshot { first, stream }),
            Err(failure) => failure,
        };
        let again = match &failure {
            Failure::Server(status) if status.meaning() == Meaning::RenewToken => {
                !std::mem::replace(&mut renewed, true) && origin.renew_token(transport)
            }
            Failure::NeverSent(why) | Failure::Broken(why) => {
                origin.shun(transport, why);
                endpoint.is_none()
            }
            Failure::WrongServer { server, .. } => {
                origin.refuse(transport, server) && endpoint.is_none()
            }
            Failure::Server(_) | Failure::Unusable(_) => false,
        };
        if !again {
            return Err(conclude(failure, method));
        }
    }
}

fn leads(status: &PbStatusResponse) -> bool {
    status.header.as_ref().is_some_and(|header| header.member_id == status.leader)
}

/// A stream of a member's database.
pub struct Snapshot {
    /// The first message, until it has been returned.
    first: Option<Bytes>,
    stream: Stream,
}

/// A part of a database. The last parts contain the SHA-256 of everything before.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SnapshotChunk {
    #[prost(message, optional, tag = "1")]
    pub header: Option<ResponseHeader>,
    /// The size of what comes after this part.
    #[prost(uint64, tag = "2")]
    pub remaining_bytes: u64,
    #[prost(bytes = "bytes", tag = "3")]
    pub blob: Bytes,
    /// The version that wrote the database; empty before etcd 3.6.
    #[prost(string, tag = "4")]
    pub version: String,
}

impl Snapshot {
    /// The next part; `None` at the end of the database.
    pub async fn next(&mut self) -> Result<Option<SnapshotChunk>, Error> {
        let received = match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => self.stream.message().await,
        };
        let decoded = received.and_then(|message| message.map(wire::decode).transpose());
        decoded.map_err(|failure| conclude(failure, &method::SNAPSHOT))
    }
}

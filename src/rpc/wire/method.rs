//! The RPCs, and which of them may be retried.

use http::uri::PathAndQuery;

/// One RPC of etcd.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts about an RPC")]
pub struct Method {
    path: &'static str,
    /// Whether sending it twice has the same effect as sending it once.
    pub repeatable: bool,
    /// Whether it changes anything. Renewing a lease does, and has no time to lose.
    pub changes: bool,
    /// Whether its answer names the cluster only after something else, so that the member is
    /// checked in advance.
    pub names_cluster_late: bool,
    /// Whether it needs a member that knows the leader.
    pub needs_leader: bool,
    pub patience: Patience,
    pub share: Share,
    /// Whether it must not be cancelled on the server once it was sent.
    pub runs_to_end: bool,
}

/// Which share of a connection's streams it may use if the server allows few of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// For calls that are answered promptly.
    Call,
    /// For streams, and for calls that wait for other clients.
    LongLived,
    /// For the renewal of leases: it may use the last stream too.
    Renewal,
}

/// What it means if a member does not answer for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Another member may be asked too.
    Little,
    /// The member may be unhealthy.
    Usual,
    /// Nothing: the call waits for other clients.
    Endless,
}

impl Method {
    const fn new(path: &'static str) -> Self {
        Self {
            path,
            repeatable: true,
            changes: true,
            names_cluster_late: false,
            needs_leader: true,
            patience: Patience::Usual,
            share: Share::Call,
            runs_to_end: false,
        }
    }

    /// Its name, such as `etcdserverpb.KV/Put`.
    pub fn full_name(&self) -> &'static str {
        self.path.trim_start_matches('/')
    }

    /// Not idempotent: applied at most once.
    const fn mutation(path: &'static str) -> Self {
        Self { repeatable: false, ..Self::new(path) }
    }

    /// Changes something, but is idempotent.
    const fn repeatable(path: &'static str) -> Self {
        Self::new(path)
    }

    /// Changes nothing.
    const fn read(path: &'static str) -> Self {
        Self { patience: Patience::Little, changes: false, ..Self::new(path) }
    }

    /// A stream of messages that is resumed when it breaks.
    const fn stream(path: &'static str) -> Self {
        Self { share: Share::LongLived, changes: false, ..Self::repeatable(path) }
    }

    /// Concerns a single member, whatever the state of the cluster.
    const fn local(path: &'static str, repeatable: bool) -> Self {
        Self { repeatable, changes: !repeatable, needs_leader: false, ..Self::new(path) }
    }

    pub fn path(&self) -> PathAndQuery {
        PathAndQuery::from_static(self.path)
    }

    /// Such as `etcdserverpb.KV` and `Range`.
    pub fn service_and_name(&self) -> (&'static str, &'static str) {
        let path = self.path.trim_start_matches('/');
        path.split_once('/').unwrap_or((path, path))
    }

    pub fn name(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }
}

pub static RANGE: Method = Method::read("/etcdserverpb.KV/Range");
/// A read that any member answers from its own data, with or without a leader.
pub static SERIALIZABLE_RANGE: Method =
    Method { needs_leader: false, ..Method::read("/etcdserverpb.KV/Range") };
/// A range in parts, since etcd 3.7. Only the last part names the cluster.
pub static RANGE_STREAM: Method =
    Method { names_cluster_late: true, ..Method::stream("/etcdserverpb.KV/RangeStream") };
/// The same from the data of any member, with or without a leader.
pub static SERIALIZABLE_RANGE_STREAM: Method = Method {
    needs_leader: false,
    names_cluster_late: true,
    ..Method::stream("/etcdserverpb.KV/RangeStream")
};
pub static PUT: Method = Method::mutation("/etcdserverpb.KV/Put");
pub static DELETE_RANGE: Method = Method::mutation("/etcdserverpb.KV/DeleteRange");
pub static TXN: Method = Method::mutation("/etcdserverpb.KV/Txn");
/// A read-only transaction. A server before etcd 3.4.20 and 3.5.5 panics if one is cancelled while
/// it is applied.
pub static READ_TXN: Method = Method { runs_to_end: true, ..Method::read("/etcdserverpb.KV/Txn") };
pub static COMPACT: Method = Method::mutation("/etcdserverpb.KV/Compact");

pub static WATCH: Method = Method::stream("/etcdserverpb.Watch/Watch");

/// With a random id that the client chose, which makes it repeatable.
pub static LEASE_GRANT: Method = Method::repeatable("/etcdserverpb.Lease/LeaseGrant");
/// With an id that the caller chose: a retry could not tell whether an existing lease is its own,
/// granted by the first attempt.
pub static LEASE_GRANT_WITH_ID: Method = Method::mutation("/etcdserverpb.Lease/LeaseGrant");
/// Not repeatable, because the response to a second attempt would be another one: "not found".
pub static LEASE_REVOKE: Method = Method::mutation("/etcdserverpb.Lease/LeaseRevoke");
/// For callers that do not care which attempt revoked the lease.
pub static LEASE_REVOKE_AGAIN: Method = Method::repeatable("/etcdserverpb.Lease/LeaseRevoke");
pub static LEASE_KEEP_ALIVE: Method = Method {
    share: Share::Renewal,
    changes: false,
    ..Method::repeatable("/etcdserverpb.Lease/LeaseKeepAlive")
};
pub static LEASE_TIME_TO_LIVE: Method = Method::read("/etcdserverpb.Lease/LeaseTimeToLive");
pub static LEASE_LEASES: Method = Method::read("/etcdserverpb.Lease/LeaseLeases");

pub static UNLOCK: Method = Method::repeatable("/v3lockpb.Lock/Unlock");
/// A transaction that is idempotent.
pub static REPEATABLE_TXN: Method = Method::repeatable("/etcdserverpb.KV/Txn");

pub static PROCLAIM: Method = Method::mutation("/v3electionpb.Election/Proclaim");
pub static LEADER: Method = Method::read("/v3electionpb.Election/Leader");
pub static OBSERVE: Method = Method::stream("/v3electionpb.Election/Observe");
/// Repeatable: it deletes the leader's key at one revision, and succeeds if that is gone.
pub static RESIGN: Method = Method::repeatable("/v3electionpb.Election/Resign");

pub static MEMBER_LIST: Method = Method::read("/etcdserverpb.Cluster/MemberList");
/// The members as a single member knows them, with or without a leader.
pub static SERIALIZABLE_MEMBER_LIST: Method =
    Method { needs_leader: false, ..Method::read("/etcdserverpb.Cluster/MemberList") };
pub static MEMBER_ADD: Method = Method::mutation("/etcdserverpb.Cluster/MemberAdd");
pub static MEMBER_REMOVE: Method = Method::mutation("/etcdserverpb.Cluster/MemberRemove");
pub static MEMBER_UPDATE: Method = Method::mutation("/etcdserverpb.Cluster/MemberUpdate");
pub static MEMBER_PROMOTE: Method = Method::mutation("/etcdserverpb.Cluster/MemberPromote");

pub static ALARM: Method = Method::mutation("/etcdserverpb.Maintenance/Alarm");
pub static ALARM_LIST: Method = Method::read("/etcdserverpb.Maintenance/Alarm");
pub static STATUS: Method = Method::local("/etcdserverpb.Maintenance/Status", true);
/// The member answers nothing else meanwhile, however long it takes.
pub static DEFRAGMENT: Method = Method {
    patience: Patience::Endless,
    ..Method::local("/etcdserverpb.Maintenance/Defragment", false)
};
pub static HASH: Method = Method::local("/etcdserverpb.Maintenance/Hash", true);
pub static HASH_KV: Method = Method::local("/etcdserverpb.Maintenance/HashKV", true);
pub static SNAPSHOT: Method =
    Method { share: Share::LongLived, ..Method::local("/etcdserverpb.Maintenance/Snapshot", true) };
pub static MOVE_LEADER: Method = Method::local("/etcdserverpb.Maintenance/MoveLeader", false);
pub static DOWNGRADE: Method = Method::mutation("/etcdserverpb.Maintenance/Downgrade");

pub static AUTHENTICATE: Method = Method::repeatable("/etcdserverpb.Auth/Authenticate");
pub static AUTH_STATUS: Method = Method::read("/etcdserverpb.Auth/AuthStatus");
pub static AUTH_ENABLE: Method = Method::mutation("/etcdserverpb.Auth/AuthEnable");
pub static AUTH_DISABLE: Method = Method::mutation("/etcdserverpb.Auth/AuthDisable");
pub static USER_ADD: Method = Method::mutation("/etcdserverpb.Auth/UserAdd");
pub static USER_GET: Method = Method::read("/etcdserverpb.Auth/UserGet");
pub static USER_LIST: Method = Method::read("/etcdserverpb.Auth/UserList");
pub static USER_DELETE: Method = Method::mutation("/etcdserverpb.Auth/UserDelete");
pub static USER_CHANGE_PASSWORD: Method = Method::mutation("/etcdserverpb.Auth/UserChangePassword");
pub static USER_GRANT_ROLE: Method = Method::mutation("/etcdserverpb.Auth/UserGrantRole");
pub static USER_REVOKE_ROLE: Method = Method::mutation("/etcdserverpb.Auth/UserRevokeRole");
pub static ROLE_ADD: Method = Method::mutation("/etcdserverpb.Auth/RoleAdd");
pub static ROLE_GET: Method = Method::read("/etcdserverpb.Auth/RoleGet");
pub static ROLE_LIST: Method = Method::read("/etcdserverpb.Auth/RoleList");
pub static ROLE_DELETE: Method = Method::mutation("/etcdserverpb.Auth/RoleDelete");
pub static ROLE_GRANT_PERMISSION: Method =
    Method::mutation("/etcdserverpb.Auth/RoleGrantPermission");
pub static ROLE_REVOKE_PERMISSION: Method =
    Method::mutation("/etcdserverpb.Auth/RoleRevokePermission");

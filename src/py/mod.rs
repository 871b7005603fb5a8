//! The Python classes: thin, with all of etcd in `rpc` and all of asyncio in `bridge`.

mod admin;
mod answers;
mod args;
mod auth;
mod cluster;
mod communicator;
mod election;
mod endpoints;
mod errors;
mod holding;
mod kv;
mod kv_options;
mod lease;
mod lease_keep_alives;
mod lock;
mod log;
mod maintenance;
mod namespace;
mod options;
mod range;
mod record;
mod responses;
mod session;
mod snapshot;
mod stats;
mod txn;
mod txn_repr;
mod watch;
mod watch_event;
mod watch_options;
mod watch_pump;
mod watch_reader;

/// The native module; the package `etcd_client` is its public face.
#[pyo3::pymodule(name = "_etcd_client", gil_used = false)]
mod native {
    use pyo3::prelude::*;

    use crate::bridge;

    #[pymodule_export]
    use crate::bridge::{Call, LoopBridge, Next};
    #[pymodule_export]
    use crate::py::auth::{
        Auth, AuthResponse, AuthRoleGetResponse, AuthRoleListResponse, AuthStatusResponse,
        AuthUserGetResponse, AuthUserListResponse, Permission,
    };
    #[pymodule_export]
    use crate::py::cluster::{
        Cluster, Member, MemberAddResponse, MemberListResponse, MemberPromoteResponse,
        MemberRemoveResponse, MemberUpdateResponse,
    };
    #[pymodule_export]
    use crate::py::communicator::{Communicator, Connected, connect};
    #[pymodule_export]
    use crate::py::election::{
        CampaignResponse, LeaderKey, LeaderResponse, Observer, ProclaimResponse, ResignResponse,
    };
    #[pymodule_export]
    use crate::py::endpoints::{check_discovery, discover, read_endpoints};
    #[pymodule_export]
    use crate::py::holding::Holding;
    #[pymodule_export]
    use crate::py::kv_options::prefix_range;
    #[pymodule_export]
    use crate::py::lease::{
        LeaseGrantResponse, LeaseKeepAliveResponse, LeaseRevokeResponse, LeaseTimeToLiveResponse,
        LeasesResponse,
    };
    #[pymodule_export]
    use crate::py::lease_keep_alives::LeaseKeepAlives;
    #[pymodule_export]
    use crate::py::lock::{LockResponse, UnlockResponse};
    #[pymodule_export]
    use crate::py::maintenance::{
        AlarmMember, AlarmResponse, DefragmentResponse, DowngradeInfo, DowngradeResponse,
        HashKVResponse, HashResponse, Maintenance, MoveLeaderResponse, StatusResponse,
    };
    #[pymodule_export]
    use crate::py::options::ConnectOptions;
    #[pymodule_export]
    use crate::py::responses::{
        CompactResponse, DeleteResponse, KeyValue, PutResponse, RangeResponse, ResponseHeader,
    };
    #[pymodule_export]
    use crate::py::snapshot::Snapshot;
    #[pymodule_export]
    use crate::py::stats::Stats;
    #[pymodule_export]
    use crate::py::txn::{Compare, Txn, TxnOp, TxnResponse};
    #[pymodule_export]
    use crate::py::watch::{Watch, WatchBatches};
    #[pymodule_export]
    use crate::py::watch_event::WatchEvent;

    /// How many contexts are open in this process.
    #[pyfunction]
    fn active_context_count() -> usize {
        bridge::active_contexts()
    }

    /// Stops the runtime: calls under way get five seconds, then they fail.
    #[pyfunction]
    fn cleanup_runtime(py: Python<'_>) {
        bridge::cleanup(py);
    }

    #[pyfunction]
    fn _at_exit(py: Python<'_>) {
        bridge::at_exit(py);
    }

    #[pyfunction]
    fn _after_fork_in_child() {
        bridge::after_fork_in_child();
    }
}

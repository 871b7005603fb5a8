//! The Python classes: thin, with all of etcd in `rpc` and all of asyncio in `bridge`.

mod admin;
mod communicator;
mod connection;
mod coordination;
mod errors;
mod kv;
mod lease;
mod namespace;
mod support;
mod telemetry;
mod watch;

/// Names the stub, which `documented` reads, as a file that this crate is compiled anew for.
const _: &str = include_str!("../../python/etcd_client/_etcd_client.pyi");

/// The native module; the package `etcd_client` is its public face.
#[pyo3::pymodule(name = "_etcd_client", gil_used = false)]
mod native {
    use documented::documented;
    use pyo3::prelude::*;

    use crate::bridge;

    #[pymodule_export]
    use crate::bridge::{
        Call, LoopBridge, Next, Shield, ThreadFuture, ThreadHandle, call_outside, in_step, leaving,
        on_interrupt, run,
    };
    #[pymodule_export]
    use crate::py::admin::auth::{
        Auth, AuthResponse, AuthRoleGetResponse, AuthRoleListResponse, AuthStatusResponse,
        AuthUserGetResponse, AuthUserListResponse, Permission,
    };
    #[pymodule_export]
    use crate::py::admin::cluster::{
        Cluster, Member, MemberAddResponse, MemberListResponse, MemberPromoteResponse,
        MemberRemoveResponse, MemberUpdateResponse,
    };
    #[pymodule_export]
    use crate::py::admin::maintenance::{
        AlarmMember, AlarmResponse, DefragmentResponse, DowngradeInfo, DowngradeResponse,
        HashKVResponse, HashResponse, Maintenance, MoveLeaderResponse, StatusResponse,
    };
    #[pymodule_export]
    use crate::py::admin::snapshot::Snapshot;
    #[pymodule_export]
    use crate::py::communicator::{Communicator, Connected, connect};
    #[pymodule_export]
    use crate::py::connection::endpoints::{check_discovery, discover, read_endpoints};
    #[pymodule_export]
    use crate::py::connection::options::ConnectOptions;
    #[pymodule_export]
    use crate::py::connection::stats::Stats;
    #[pymodule_export]
    use crate::py::coordination::election::{
        CampaignResponse, LeaderKey, LeaderResponse, Observer, ProclaimResponse, ResignResponse,
    };
    #[pymodule_export]
    use crate::py::coordination::held_lease::HeldLease;
    #[pymodule_export]
    use crate::py::coordination::lock::{LockResponse, UnlockResponse};
    #[pymodule_export]
    use crate::py::kv::options::prefix_range;
    #[pymodule_export]
    use crate::py::kv::records::{
        CompactResponse, DeleteResponse, KeyValue, PutResponse, RangeResponse,
    };
    #[pymodule_export]
    use crate::py::kv::txn::{Compare, Txn, TxnOp, TxnResponse};
    #[pymodule_export]
    use crate::py::lease::keep_alives::LeaseKeepAlives;
    #[pymodule_export]
    use crate::py::lease::records::{
        LeaseGrantResponse, LeaseKeepAliveResponse, LeaseRevokeResponse, LeaseTimeToLiveResponse,
        LeasesResponse,
    };
    #[pymodule_export]
    use crate::py::support::stream::iterator::Stream;
    #[pymodule_export]
    use crate::py::support::to_python::ResponseHeader;
    #[pymodule_export]
    use crate::py::telemetry::source::StatsSource;
    #[pymodule_export]
    use crate::py::watch::event::WatchEvent;
    #[pymodule_export]
    use crate::py::watch::iterator::{Watch, WatchBatches};

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "the name by which Python programs know it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        bridge::refuse_sub_interpreter(module.py())
    }

    #[documented]
    #[pyfunction]
    fn active_context_count() -> usize {
        bridge::active_contexts()
    }

    #[documented]
    #[pyfunction]
    fn cleanup_runtime(py: Python<'_>) {
        bridge::cleanup(py);
    }

    #[documented]
    #[pyfunction]
    fn _at_exit(py: Python<'_>) {
        bridge::at_exit(py);
    }

    #[documented]
    #[pyfunction]
    fn _after_fork_in_child() {
        bridge::enter_child();
    }
}

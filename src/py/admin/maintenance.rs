//! `communicator.maintenance`: single members, alarms, leadership and downgrades.

use documented::documented;
use etcd_client::proto::{
    PbAlarmResponse, PbDefragmentResponse, PbDowngradeResponse, PbHashKvResponse, PbHashResponse,
    PbMoveLeaderResponse, PbStatusResponse,
};
use prost::Message;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::bridge::Call;
use crate::py::admin::snapshot::Snapshot;
use crate::py::communicator::{Communicator, Effect};
use crate::py::support::args::{self, Timeout, member_of};
use crate::py::support::record::record;
use crate::py::support::to_python::{
    ResponseHeader, ToPython, done_record, enum_member, header, object, strings,
};
use crate::rpc::admin::maintenance::{self, ANY_ALARM};
use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::transport::{CallOptions, Request};

record! {
    AlarmMember { member_id: u64, alarm: Py<PyAny> }
}

record! {
    AlarmResponse { header: Py<ResponseHeader>, alarms: Py<PyTuple> }
}

record! {
    DowngradeInfo { enabled: bool, target_version: String }
}

record! {
    StatusResponse {
        header: Py<ResponseHeader>,
        version: String,
        db_size: i64,
        db_size_in_use: i64,
        leader: u64,
        raft_index: u64,
        raft_term: u64,
        raft_applied_index: u64,
        errors: Py<PyTuple>,
        is_learner: bool,
        storage_version: Option<String>,
        db_size_quota: Option<i64>,
        downgrade_info: Option<Py<DowngradeInfo>>,
    }
}

done_record! { DefragmentResponse }

record! {
    HashResponse { header: Py<ResponseHeader>, hash: u32 }
}

record! {
    HashKVResponse {
        header: Py<ResponseHeader>,
        hash: u32,
        compact_revision: i64,
        hash_revision: Option<i64>,
    }
}

done_record! { MoveLeaderResponse }

record! {
    DowngradeResponse { header: Py<ResponseHeader>, version: String }
}

/// `None` for 0: a server that knows this number never sends 0.
fn known(number: i64) -> Option<i64> {
    (number != 0).then_some(number)
}

impl ToPython for PbAlarmResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let mut alarms = Vec::with_capacity(self.alarms.len());
        for raised in &self.alarms {
            let alarm = enum_member(py, "AlarmType", raised.alarm)?;
            alarms.push(Py::new(py, AlarmMember { member_id: raised.member_id, alarm })?);
        }
        let alarms = PyTuple::new(py, alarms)?.unbind();
        object(py, AlarmResponse { header: header(py, self.header)?, alarms })
    }
}

impl ToPython for PbStatusResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let downgrade_info = self.downgrade_info.map(|info| {
            let (enabled, target_version) = (info.enabled, info.target_version);
            Py::new(py, DowngradeInfo { enabled, target_version })
        });
        let response = StatusResponse {
            header: header(py, self.header)?,
            version: self.version,
            db_size: self.db_size,
            db_size_in_use: self.db_size_in_use,
            leader: self.leader,
            raft_index: self.raft_index,
            raft_term: self.raft_term,
            raft_applied_index: self.raft_applied_index,
            errors: strings(py, &self.errors)?,
            is_learner: self.is_learner,
            storage_version: Some(self.storage_version).filter(|version| !version.is_empty()),
            db_size_quota: known(self.db_size_quota),
            downgrade_info: downgrade_info.transpose()?,
        };
        object(py, response)
    }
}

impl ToPython for PbDefragmentResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        object(py, DefragmentResponse::from(header(py, self.header)?))
    }
}

impl ToPython for PbHashResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        object(py, HashResponse { header: header(py, self.header)?, hash: self.hash })
    }
}

impl ToPython for PbHashKvResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let response = HashKVResponse {
            header: header(py, self.header)?,
            hash: self.hash,
            compact_revision: self.compact_revision,
            hash_revision: known(self.hash_revision),
        };
        object(py, response)
    }
}

impl ToPython for PbMoveLeaderResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        object(py, MoveLeaderResponse::from(header(py, self.header)?))
    }
}

impl ToPython for PbDowngradeResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        object(py, DowngradeResponse { header: header(py, self.header)?, version: self.version })
    }
}

#[documented]
#[pyclass(frozen, subclass, module = "etcd_client._etcd_client", name = "Maintenance")]
pub(crate) struct Maintenance(Py<Communicator>);

impl Maintenance {
    /// The member at an endpoint; `None` for the one in use.
    fn member(&self, endpoint: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Endpoint>> {
        let Some(endpoint) = endpoint else { return Ok(None) };
        let text = args::text(endpoint, "endpoint")?;
        self.0.get().endpoint(endpoint.py(), &text).map(Some)
    }

    fn ask_member<M: Message + Default + ToPython>(
        &self,
        py: Python<'_>,
        effect: Effect,
        request: Request,
        endpoint: Option<&Bound<'_, PyAny>>,
        options: CallOptions,
    ) -> PyResult<Call> {
        let member = self.member(endpoint)?;
        self.0.get().start(py, effect, move |transport| async move {
            transport.call_on::<M>(member.as_ref(), request, options).await
        })
    }
}

#[documented]
#[pymethods]
impl Maintenance {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<Maintenance of {}>", self.0.bind(py).repr()?))
    }

    #[new]
    fn new(communicator: Py<Communicator>) -> Self {
        Self(communicator)
    }

    #[pyo3(signature = (*, timeout=None, wait_for_ready=None))]
    fn alarm_list(
        &self,
        py: Python<'_>,
        timeout: Timeout<'_, '_>,
        wait_for_ready: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Call> {
        let shape = |answer: PbAlarmResponse| answer;
        let communicator = self.0.get();
        let options = communicator.read_options(py, timeout, wait_for_ready)?;
        communicator.send(py, Effect::Reads, maintenance::alarm_list(), options, shape)
    }

    #[pyo3(signature = (member_id, alarm, *, timeout=None))]
    fn alarm_activate(
        &self,
        py: Python<'_>,
        member_id: &Bound<'_, PyAny>,
        alarm: &Bound<'_, PyAny>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        let member_id = args::member_id(member_id, "member_id")?;
        let kind = member_of(alarm, "AlarmType", "alarm")?;
        let request = maintenance::alarm_activate(member_id, kind);
        let shape = |answer: PbAlarmResponse| answer;
        let communicator = self.0.get();
        let options = communicator.read_options(py, timeout, None)?;
        communicator.send(py, Effect::Changes, request, options, shape)
    }

    #[pyo3(signature = (member_id=None, alarm=None, *, timeout=None))]
    fn alarm_disarm(
        &self,
        py: Python<'_>,
        member_id: Option<&Bound<'_, PyAny>>,
        alarm: Option<&Bound<'_, PyAny>>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        let member_id = member_id.map(|id| args::member_id(id, "member_id")).transpose()?;
        let kind = alarm.map_or(Ok(ANY_ALARM), |kind| member_of(kind, "AlarmType", "alarm"))?;
        let communicator = self.0.get();
        let options = communicator.read_options(py, timeout, None)?;
        communicator.start(py, Effect::Changes, move |transport| async move {
            maintenance::alarm_disarm(&transport, member_id, kind, options).await
        })
    }

    #[pyo3(signature = (endpoint=None, *, timeout=None, wait_for_ready=None))]
    fn status(
        &self,
        py: Python<'_>,
        endpoint: Option<&Bound<'_, PyAny>>,
        timeout: Timeout<'_, '_>,
        wait_for_ready: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Call> {
        let options = self.0.get().read_options(py, timeout, wait_for_ready)?;
        let request = maintenance::status();
        self.ask_member::<PbStatusResponse>(py, Effect::Reads, request, endpoint, options)
    }

    // Has no default deadline, because a large database takes long.
    #[pyo3(signature = (endpoint=None, *, timeout=None))]
    fn defragment(
        &self,
        py: Python<'_>,
        endpoint: Option<&Bound<'_, PyAny>>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        let timeout = timeout.map(|timeout| args::seconds(timeout, "timeout")).transpose()?;
        let (request, options) = (maintenance::defragment(), args::deadline(timeout).into());
        self.ask_member::<PbDefragmentResponse>(py, Effect::Changes, request, endpoint, options)
    }

    #[pyo3(signature = (endpoint=None, *, timeout=None, wait_for_ready=None))]
    fn hash(
        &self,
        py: Python<'_>,
        endpoint: Option<&Bound<'_, PyAny>>,
        timeout: Timeout<'_, '_>,
        wait_for_ready: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Call> {
        let options = self.0.get().read_options(py, timeout, wait_for_ready)?;
        let request = maintenance::hash();
        self.ask_member::<PbHashResponse>(py, Effect::Reads, request, endpoint, options)
    }

    #[pyo3(signature = (endpoint=None, revision=None, *, timeout=None, wait_for_ready=None))]
    fn hash_kv(
        &self,
        py: Python<'_>,
        endpoint: Option<&Bound<'_, PyAny>>,
        revision: Option<&Bound<'_, PyAny>>,
        timeout: Timeout<'_, '_>,
        wait_for_ready: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Call> {
        let revision = revision.map_or(Ok(0), |revision| args::count(revision, "revision"))?;
        let options = self.0.get().read_options(py, timeout, wait_for_ready)?;
        let request = maintenance::hash_kv(revision);
        self.ask_member::<PbHashKvResponse>(py, Effect::Reads, request, endpoint, options)
    }

    #[pyo3(signature = (endpoint=None, *, timeout=None))]
    fn snapshot(
        &self,
        py: Python<'_>,
        endpoint: Option<&Bound<'_, PyAny>>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Py<Snapshot>> {
        let member = self.member(endpoint)?;
        let timeout = timeout.map(|timeout| args::seconds(timeout, "timeout")).transpose()?;
        Snapshot::open(py, self.0.get(), member, timeout)
    }

    #[pyo3(signature = (target_id, *, timeout=None))]
    fn move_leader(
        &self,
        py: Python<'_>,
        target_id: &Bound<'_, PyAny>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        let target_id = args::member_id(target_id, "target_id")?;
        let communicator = self.0.get();
        let options = communicator.read_options(py, timeout, None)?;
        communicator.start(py, Effect::Changes, move |transport| async move {
            maintenance::move_leader(&transport, target_id, options).await
        })
    }

    #[pyo3(signature = (action, version, *, timeout=None))]
    fn downgrade(
        &self,
        py: Python<'_>,
        action: &Bound<'_, PyAny>,
        version: &Bound<'_, PyAny>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        let action = member_of(action, "DowngradeAction", "action")?;
        let request = maintenance::downgrade(action, args::text(version, "version")?);
        let shape = |answer: PbDowngradeResponse| answer;
        let communicator = self.0.get();
        let options = communicator.read_options(py, timeout, None)?;
        communicator.send(py, Effect::Changes, request, options, shape)
    }
}

//! `communicator.cluster`: the members of the cluster.

use documented::documented;
use etcd_client::proto::{
    PbMember, PbMemberAddResponse, PbMemberListResponse, PbMemberPromoteResponse,
    PbMemberRemoveResponse, PbMemberUpdateResponse,
};
use prost::Message;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::bridge::Call;
use crate::py::communicator::{Communicator, Effect};
use crate::py::support::args::{self, Timeout, read_strings};
use crate::py::support::record::record;
use crate::py::support::to_python::{ResponseHeader, ToPython, header, object, strings};
use crate::rpc::admin::cluster;
use crate::rpc::transport::Request;

record! {
    Member {
        id: u64,
        name: String,
        peer_urls: Py<PyTuple>,
        client_urls: Py<PyTuple>,
        is_learner: bool,
    }
}

record! {
    MemberListResponse { header: Py<ResponseHeader>, members: Py<PyTuple> }
}

record! {
    MemberAddResponse { header: Py<ResponseHeader>, member: Py<Member>, members: Py<PyTuple> }
}

record! {
    MemberRemoveResponse { header: Py<ResponseHeader>, members: Py<PyTuple> }
}

record! {
    MemberUpdateResponse { header: Py<ResponseHeader>, members: Py<PyTuple> }
}

record! {
    MemberPromoteResponse { header: Py<ResponseHeader>, members: Py<PyTuple> }
}

fn read_urls(peer_urls: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let urls = read_strings(peer_urls, "peer_urls")?;
    if urls.is_empty() {
        return Err(args::wrong_value(
            peer_urls.py(),
            "peer_urls",
            "at least one",
            "an empty list",
        ));
    }
    Ok(urls)
}

fn member(py: Python<'_>, member: &PbMember) -> PyResult<Py<Member>> {
    let member = Member {
        id: member.id,
        name: member.name.clone(),
        peer_urls: strings(py, &member.peer_ur_ls)?,
        client_urls: strings(py, &member.client_ur_ls)?,
        is_learner: member.is_learner,
    };
    Py::new(py, member)
}

fn members(py: Python<'_>, members: &[PbMember]) -> PyResult<Py<PyTuple>> {
    let members: Vec<_> = members.iter().map(|one| member(py, one)).collect::<PyResult<_>>()?;
    Ok(PyTuple::new(py, members)?.unbind())
}

impl ToPython for PbMemberAddResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let response = MemberAddResponse {
            header: header(py, self.header)?,
            member: member(py, &self.member.unwrap_or_default())?,
            members: members(py, &self.members)?,
        };
        object(py, response)
    }
}

/// Returns the members that a response lists.
macro_rules! lists_members {
    ($($wire:ty => $record:ident),* $(,)?) => {$(
        impl ToPython for $wire {
            fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                let members = members(py, &self.members)?;
                object(py, $record { header: header(py, self.header)?, members })
            }
        }
    )*};
}

lists_members! {
    PbMemberListResponse => MemberListResponse,
    PbMemberRemoveResponse => MemberRemoveResponse,
    PbMemberUpdateResponse => MemberUpdateResponse,
    PbMemberPromoteResponse => MemberPromoteResponse,
}

#[documented]
#[pyclass(frozen, module = "etcd_client", name = "Cluster")]
pub(crate) struct Cluster(Py<Communicator>);

#[documented]
#[pymethods]
impl Communicator {
    #[getter]
    fn cluster(this: Py<Self>) -> Cluster {
        Cluster(this)
    }
}

impl Cluster {
    fn change<M: Message + Default + ToPython + 'static>(
        &self,
        py: Python<'_>,
        request: Request,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        let communicator = self.0.get();
        let options = communicator.read_options(py, timeout, None)?;
        communicator.send(py, Effect::Changes, request, options, |answer: M| answer)
    }
}

#[documented]
#[pymethods]
impl Cluster {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<Cluster of {}>", self.0.bind(py).repr()?))
    }

    #[pyo3(signature = (*, linearizable=None, timeout=None, wait_for_ready=None))]
    fn member_list(
        &self,
        py: Python<'_>,
        linearizable: Option<&Bound<'_, PyAny>>,
        timeout: Timeout<'_, '_>,
        wait_for_ready: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Call> {
        let linearizable = args::flag(linearizable, "linearizable", true)?;
        let request = cluster::member_list(linearizable);
        let shape = |answer: PbMemberListResponse| answer;
        let communicator = self.0.get();
        let options = communicator.read_options(py, timeout, wait_for_ready)?;
        communicator.send(py, Effect::Reads, request, options, shape)
    }

    #[pyo3(signature = (peer_urls, is_learner=None, *, timeout=None))]
    fn member_add(
        &self,
        py: Python<'_>,
        peer_urls: &Bound<'_, PyAny>,
        is_learner: Option<&Bound<'_, PyAny>>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        let is_learner = args::flag(is_learner, "is_learner", false)?;
        let request = cluster::member_add(read_urls(peer_urls)?, is_learner);
        self.change::<PbMemberAddResponse>(py, request, timeout)
    }

    #[pyo3(signature = (member_id, *, timeout=None))]
    fn member_remove(
        &self,
        py: Python<'_>,
        member_id: &Bound<'_, PyAny>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        let request = cluster::member_remove(args::member_id(member_id, "member_id")?);
        self.change::<PbMemberRemoveResponse>(py, request, timeout)
    }

    #[pyo3(signature = (member_id, peer_urls, *, timeout=None))]
    fn member_update(
        &self,
        py: Python<'_>,
        member_id: &Bound<'_, PyAny>,
        peer_urls: &Bound<'_, PyAny>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        let id = args::member_id(member_id, "member_id")?;
        let request = cluster::member_update(id, read_urls(peer_urls)?);
        self.change::<PbMemberUpdateResponse>(py, request, timeout)
    }

    #[pyo3(signature = (member_id, *, timeout=None))]
    fn member_promote(
        &self,
        py: Python<'_>,
        member_id: &Bound<'_, PyAny>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        let request = cluster::member_promote(args::member_id(member_id, "member_id")?);
        self.change::<PbMemberPromoteResponse>(py, request, timeout)
    }
}

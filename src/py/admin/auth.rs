//! `communicator.auth`: users, roles, and whether authentication is enabled.

use documented::documented;
use etcd_client::proto::{
    PbAuthRoleGetResponse, PbAuthRoleListResponse, PbAuthUserGetResponse, PbAuthUserListResponse,
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::bridge::{Call, bytes_object};
use crate::py::communicator::{Communicator, Effect};
use crate::py::kv::options::choose_keys;
use crate::py::support::args::{self, Timeout, member_of, text, wrong_value};
use crate::py::support::record::record;
use crate::py::support::to_python::{
    Done, ResponseHeader, ToPython, done_record, enum_member, header, object, strings,
};
use crate::rpc::admin::auth;
use crate::rpc::keys::KeyRange;
use crate::rpc::transport::Request;
use crate::rpc::wire::messages::AuthStatusResponse as WireStatus;

done_record! { AuthResponse }

record! {
    AuthStatusResponse { header: Py<ResponseHeader>, enabled: bool, auth_revision: u64 }
}

record! {
    AuthUserGetResponse { header: Py<ResponseHeader>, roles: Py<PyTuple> }
}

record! {
    AuthUserListResponse { header: Py<ResponseHeader>, users: Py<PyTuple> }
}

record! {
    AuthRoleGetResponse { header: Py<ResponseHeader>, permissions: Py<PyTuple> }
}

record! {
    AuthRoleListResponse { header: Py<ResponseHeader>, roles: Py<PyTuple> }
}

record! {
    Permission { r#type: Py<PyAny>, key: Py<PyBytes>, range_end: Py<PyBytes> }
}

impl ToPython for WireStatus {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let Self { enabled, auth_revision, .. } = self;
        object(py, AuthStatusResponse { header: header(py, self.header)?, enabled, auth_revision })
    }
}

impl ToPython for PbAuthUserGetResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let roles = strings(py, &self.roles)?;
        object(py, AuthUserGetResponse { header: header(py, self.header)?, roles })
    }
}

impl ToPython for PbAuthUserListResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let users = strings(py, &self.users)?;
        object(py, AuthUserListResponse { header: header(py, self.header)?, users })
    }
}

impl ToPython for PbAuthRoleGetResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let mut permissions = Vec::with_capacity(self.perm.len());
        for granted in &self.perm {
            let permission = Permission {
                r#type: enum_member(py, "PermissionType", granted.perm_type)?,
                key: bytes_object(py, &granted.key)?.unbind(),
                range_end: bytes_object(py, &granted.range_end)?.unbind(),
            };
            permissions.push(Py::new(py, permission)?);
        }
        let permissions = PyTuple::new(py, permissions)?.unbind();
        object(py, AuthRoleGetResponse { header: header(py, self.header)?, permissions })
    }
}

impl ToPython for PbAuthRoleListResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let roles = strings(py, &self.roles)?;
        object(py, AuthRoleListResponse { header: header(py, self.header)?, roles })
    }
}

#[documented]
#[pyclass(frozen, module = "etcd_client", name = "Auth")]
pub(crate) struct Auth(Py<Communicator>);

#[documented]
#[pymethods]
impl Communicator {
    #[getter]
    fn auth(this: Py<Self>) -> Auth {
        Auth(this)
    }
}

impl Auth {
    fn change(&self, py: Python<'_>, request: Request, timeout: Timeout<'_, '_>) -> PyResult<Call> {
        let communicator = self.0.get();
        let options = communicator.read_options(py, timeout, None)?;
        communicator.send(py, Effect::Changes, request, options, Done::<AuthResponse>::new)
    }

    fn query<T: ToPython + prost::Message + Default>(
        &self,
        py: Python<'_>,
        request: Request,
        timeout: Timeout<'_, '_>,
        wait_for_ready: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Call> {
        let communicator = self.0.get();
        let options = communicator.read_options(py, timeout, wait_for_ready)?;
        communicator.send(py, Effect::Reads, request, options, |answer: T| answer)
    }
}

#[documented]
#[pymethods]
impl Auth {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<Auth of {}>", self.0.bind(py).repr()?))
    }

    #[pyo3(signature = (*, timeout=None))]
    fn enable(&self, py: Python<'_>, timeout: Timeout<'_, '_>) -> PyResult<Call> {
        self.change(py, auth::enable(), timeout)
    }

    #[pyo3(signature = (*, timeout=None))]
    fn disable(&self, py: Python<'_>, timeout: Timeout<'_, '_>) -> PyResult<Call> {
        self.change(py, auth::disable(), timeout)
    }

    #[pyo3(signature = (*, timeout=None, wait_for_ready=None))]
    fn status(
        &self,
        py: Python<'_>,
        timeout: Timeout<'_, '_>,
        wait_for_ready: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Call> {
        self.query::<WireStatus>(py, auth::status(), timeout, wait_for_ready)
    }

    #[pyo3(signature = (name, password=None, no_password=None, *, timeout=None))]
    fn user_add(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        password: Option<&Bound<'_, PyAny>>,
        no_password: Option<&Bound<'_, PyAny>>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        let name = text(name, "name")?;
        let password = password.map(|password| text(password, "password")).transpose()?;
        let no_password = args::flag(no_password, "no_password", false)?;
        let expected = "either a password or no_password=True";
        match (&password, no_password) {
            (Some(_), true) => Err(wrong_value(py, "password", expected, "both")),
            (None, false) => Err(wrong_value(py, "password", expected, "neither")),
            _ => self.change(py, auth::user_add(name, password), timeout),
        }
    }

    #[pyo3(signature = (name, *, timeout=None, wait_for_ready=None))]
    fn user_get(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        timeout: Timeout<'_, '_>,
        wait_for_ready: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Call> {
        self.query::<PbAuthUserGetResponse>(
            py,
            auth::user_get(text(name, "name")?),
            timeout,
            wait_for_ready,
        )
    }

    #[pyo3(signature = (*, timeout=None, wait_for_ready=None))]
    fn user_list(
        &self,
        py: Python<'_>,
        timeout: Timeout<'_, '_>,
        wait_for_ready: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Call> {
        self.query::<PbAuthUserListResponse>(py, auth::user_list(), timeout, wait_for_ready)
    }

    #[pyo3(signature = (name, *, timeout=None))]
    fn user_delete(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        self.change(py, auth::user_delete(text(name, "name")?), timeout)
    }

    #[pyo3(signature = (name, password, *, timeout=None))]
    fn user_change_password(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        password: &Bound<'_, PyAny>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        let (name, password) = (text(name, "name")?, text(password, "password")?);
        self.change(py, auth::user_change_password(name, password), timeout)
    }

    #[pyo3(signature = (name, role, *, timeout=None))]
    fn user_grant_role(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        role: &Bound<'_, PyAny>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        let request = auth::user_grant_role(text(name, "name")?, text(role, "role")?);
        self.change(py, request, timeout)
    }

    #[pyo3(signature = (name, role, *, timeout=None))]
    fn user_revoke_role(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        role: &Bound<'_, PyAny>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        let request = auth::user_revoke_role(text(name, "name")?, text(role, "role")?);
        self.change(py, request, timeout)
    }

    #[pyo3(signature = (role, *, timeout=None))]
    fn role_add(
        &self,
        py: Python<'_>,
        role: &Bound<'_, PyAny>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        self.change(py, auth::role_add(text(role, "role")?), timeout)
    }

    #[pyo3(signature = (role, *, timeout=None, wait_for_ready=None))]
    fn role_get(
        &self,
        py: Python<'_>,
        role: &Bound<'_, PyAny>,
        timeout: Timeout<'_, '_>,
        wait_for_ready: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Call> {
        self.query::<PbAuthRoleGetResponse>(
            py,
            auth::role_get(text(role, "role")?),
            timeout,
            wait_for_ready,
        )
    }

    #[pyo3(signature = (*, timeout=None, wait_for_ready=None))]
    fn role_list(
        &self,
        py: Python<'_>,
        timeout: Timeout<'_, '_>,
        wait_for_ready: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Call> {
        self.query::<PbAuthRoleListResponse>(py, auth::role_list(), timeout, wait_for_ready)
    }

    #[pyo3(signature = (role, *, timeout=None))]
    fn role_delete(
        &self,
        py: Python<'_>,
        role: &Bound<'_, PyAny>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        self.change(py, auth::role_delete(text(role, "role")?), timeout)
    }

    // In Python, all but the first three are keyword arguments.
    #[allow(clippy::too_many_arguments)]
    #[pyo3(signature = (
        role, permission, key, *, range_end=None, prefix=None, from_key=None, timeout=None
    ))]
    fn role_grant_permission(
        &self,
        py: Python<'_>,
        role: &Bound<'_, PyAny>,
        permission: &Bound<'_, PyAny>,
        key: &Bound<'_, PyAny>,
        range_end: Option<&Bound<'_, PyAny>>,
        prefix: Option<&Bound<'_, PyAny>>,
        from_key: Option<&Bound<'_, PyAny>>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        let role = text(role, "role")?;
        let permission = member_of(permission, "PermissionType", "permission")?;
        let keys = read_keys(key, range_end, prefix, from_key)?;
        self.change(py, auth::role_grant_permission(role, permission, keys), timeout)
    }

    #[allow(clippy::too_many_arguments)]
    #[pyo3(signature = (role, key, *, range_end=None, prefix=None, from_key=None, timeout=None))]
    fn role_revoke_permission(
        &self,
        py: Python<'_>,
        role: &Bound<'_, PyAny>,
        key: &Bound<'_, PyAny>,
        range_end: Option<&Bound<'_, PyAny>>,
        prefix: Option<&Bound<'_, PyAny>>,
        from_key: Option<&Bound<'_, PyAny>>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Call> {
        let role = text(role, "role")?;
        let keys = read_keys(key, range_end, prefix, from_key)?;
        self.change(py, auth::role_revoke_permission(role, keys), timeout)
    }
}

/// The keys of a permission. The namespace is not added, because permissions are for the whole
/// cluster.
fn read_keys(
    key: &Bound<'_, PyAny>,
    range_end: Option<&Bound<'_, PyAny>>,
    prefix: Option<&Bound<'_, PyAny>>,
    from_key: Option<&Bound<'_, PyAny>>,
) -> PyResult<KeyRange> {
    let range_end = range_end.map(|end| args::bytes(end, "range_end")).transpose()?;
    let prefix = args::flag(prefix, "prefix", false)?;
    let from_key = args::flag(from_key, "from_key", false)?;
    choose_keys(key.py(), args::bytes(key, "key")?, range_end, prefix, from_key)
}

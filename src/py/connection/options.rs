//! `ConnectOptions`.

use std::path::PathBuf;
use std::time::Duration;

use documented::documented;
use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::bridge::arguments::unknown_keyword;
use crate::bridge::import;
use crate::py::errors;
use crate::py::support::args::{self, Keywords, wrong_value};
use crate::py::telemetry::hooks::Hooks;
use crate::rpc::connection::options::{Options, TlsOptions};
use crate::rpc::connection::tls::{self, ConfigCache, Pem};

#[documented]
#[pyclass(frozen, eq, hash, module = "etcd_client", name = "ConnectOptions", from_py_object)]
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct ConnectOptions {
    pub(crate) options: Options,
    pub(crate) hooks: Option<Hooks>,
}

impl ConnectOptions {
    fn with(&self, change: impl FnOnce(&mut Options)) -> Self {
        let mut changed = self.clone();
        change(&mut changed.options);
        changed
    }
}

impl ConnectOptions {
    fn keywords<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let Options { user, tls, keep_alive, .. } = &self.options;
        let keywords = PyDict::new(py);
        if let Some((user, password)) = user {
            keywords.set_item("user", user)?;
            keywords.set_item("password", password)?;
        }
        if let Some(TlsOptions { ca, identity, server_name, insecure_skip_verify, .. }) = tls {
            let (cert, key) = identity.as_ref().map(|(cert, key)| (cert, key)).unzip();
            for (name, pem) in [("ca", ca.as_ref()), ("cert", cert), ("key", key)] {
                match pem {
                    Some(Pem::Text(text)) => keywords.set_item(name, PyBytes::new(py, text))?,
                    Some(Pem::File(path)) => keywords.set_item(name, path)?,
                    None => {}
                }
            }
            keywords.set_item("server_name", server_name)?;
            keywords.set_item("verify", !insecure_skip_verify)?;
        }
        if let Some((interval, limit)) = keep_alive {
            keywords.set_item("keep_alive_interval", interval.as_secs_f64())?;
            keywords.set_item("keep_alive_timeout", limit.as_secs_f64())?;
        }
        let seconds = |limit: Option<Duration>| limit.map(|limit| limit.as_secs_f64());
        keywords.set_item("connect_timeout", self.options.connect_timeout.as_secs_f64())?;
        keywords.set_item("timeout", seconds(self.options.timeout))?;
        keywords.set_item("wait_for_ready", self.options.wait_for_ready)?;
        keywords.set_item("keep_alive_while_idle", self.options.keep_alive_while_idle)?;
        keywords.set_item("tcp_keepalive", seconds(self.options.tcp_keep_alive))?;
        keywords.set_item("max_response_size", self.options.max_response_size)?;
        keywords.set_item("require_connection", self.options.require_connection)?;
        keywords.set_item("sync_interval", seconds(self.options.sync_interval))?;
        keywords.set_item("hooks", self.hooks.as_ref().map(Hooks::object))?;
        Ok(keywords)
    }
}

/// Certificates and keys: PEM text as bytes or `str`, or the path of a file that holds it.
fn pem(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Pem> {
    if value.is_instance_of::<PyBytes>() {
        return args::bytes(value, name).map(Pem::Text);
    }
    // A string with such a line is not a path, and an error about a path would print a key.
    if let Ok(text) = value.extract::<&str>()
        && text.contains("-----BEGIN")
    {
        return Ok(Pem::Text(text.as_bytes().to_vec()));
    }
    let path: PathBuf = value.extract().map_err(|_| {
        PyTypeError::new_err(format!("{name}: expected a path, or PEM as bytes or str"))
    })?;
    let unreadable = |error| errors::unreadable(value.py(), name, &path, &error);
    // The program may change its working directory before the file is read again.
    let path = std::path::absolute(&path).map_err(unreadable)?;
    std::fs::File::open(&path)
        .map_err(|error| errors::unreadable(value.py(), name, &path, &error))?;
    Ok(Pem::File(path))
}

/// The TLS arguments of `with_tls` and the constructor; `None` if none was given.
fn read_tls(py: Python<'_>, keywords: &mut Keywords<'_, '_>) -> PyResult<Option<TlsOptions>> {
    let ca = keywords.read("ca", pem)?;
    let cert = keywords.read("cert", pem)?;
    let key = keywords.read("key", pem)?;
    let server_name = keywords.read("server_name", args::text)?;
    let verify = keywords.read("verify", args::boolean)?;
    let said = ca.is_some() || cert.is_some() || key.is_some() || server_name.is_some();
    if !said && verify.is_none() {
        return Ok(None);
    }
    let identity = match (cert, key) {
        (Some(cert), Some(key)) => Some((cert, key)),
        (None, None) => None,
        _ => return Err(wrong_value(py, "cert", "cert and key together", "only one of them")),
    };
    let insecure_skip_verify = verify == Some(false);
    let cache = ConfigCache::default();
    let options = TlsOptions { ca, identity, server_name, insecure_skip_verify, cache };
    tls::check(&options).map_err(|error| errors::invalid_argument(py, &error))?;
    Ok(Some(options))
}

fn credentials(
    py: Python<'_>,
    keywords: &mut Keywords<'_, '_>,
) -> PyResult<Option<(String, String)>> {
    let user = keywords.read("user", args::text)?;
    let password = keywords.read("password", args::text)?;
    match (user, password) {
        (Some(user), Some(password)) => Ok(Some((user, password))),
        (None, None) => Ok(None),
        _ => Err(wrong_value(py, "user", "user and password together", "only one of them")),
    }
}

impl ConnectOptions {
    fn read(py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut keywords = Keywords::new("ConnectOptions", options);
        let mut made = Options { user: credentials(py, &mut keywords)?, ..Options::default() };
        made.tls = read_tls(py, &mut keywords)?;
        if let Some(limit) = keywords.seconds("connect_timeout")? {
            made.connect_timeout = limit;
        }
        if let Some(limit) = keywords.seconds("timeout")? {
            made.timeout = Some(limit);
        }
        if let Some(wait) = keywords.read("wait_for_ready", args::boolean)? {
            made.wait_for_ready = wait;
        }
        let interval = keywords.seconds("keep_alive_interval")?;
        let limit = keywords.seconds("keep_alive_timeout")?;
        if let Some((default_interval, default_limit)) = made.keep_alive {
            made.keep_alive =
                Some((interval.unwrap_or(default_interval), limit.unwrap_or(default_limit)));
        }
        made.keep_alive_while_idle = keywords.flag("keep_alive_while_idle")?;
        if let Some(interval) = keywords.seconds("tcp_keepalive")? {
            made.tcp_keep_alive = Some(interval);
        }
        if let Some(size) = keywords.read("max_response_size", args::positive)? {
            made.max_response_size = usize::try_from(size).unwrap_or(usize::MAX);
        }
        made.require_connection = keywords.flag("require_connection")?;
        made.sync_interval = keywords.seconds("sync_interval")?;
        let hooks = keywords.read("hooks", Hooks::read)?;
        keywords.finish()?;
        Ok(Self { options: made, hooks })
    }
}

#[documented]
#[pymethods]
impl ConnectOptions {
    #[new]
    #[pyo3(signature = (**options))]
    fn new(py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        // `username=` is told before that a password needs a `user=`.
        let unknown = |error| unknown_keyword(py, "ConnectOptions", options).unwrap_or(error);
        Self::read(py, options).map_err(unknown)
    }

    fn with_user(&self, name: &Bound<'_, PyAny>, password: &Bound<'_, PyAny>) -> PyResult<Self> {
        let user = (args::text(name, "name")?, args::text(password, "password")?);
        Ok(self.with(|options| options.user = Some(user)))
    }

    fn with_keep_alive(
        &self,
        interval: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let pings = (args::seconds(interval, "interval")?, args::seconds(timeout, "timeout")?);
        Ok(self.with(|options| options.keep_alive = Some(pings)))
    }

    fn with_keep_alive_while_idle(&self, enabled: &Bound<'_, PyAny>) -> PyResult<Self> {
        let enabled = args::boolean(enabled, "enabled")?;
        Ok(self.with(|options| options.keep_alive_while_idle = enabled))
    }

    fn with_connect_timeout(&self, connect_timeout: &Bound<'_, PyAny>) -> PyResult<Self> {
        let limit = args::seconds(connect_timeout, "connect_timeout")?;
        Ok(self.with(|options| options.connect_timeout = limit))
    }

    fn with_timeout(&self, timeout: &Bound<'_, PyAny>) -> PyResult<Self> {
        let limit: Option<Duration> =
            if timeout.is_none() { None } else { Some(args::seconds(timeout, "timeout")?) };
        Ok(self.with(|options| options.timeout = limit))
    }

    fn with_wait_for_ready(&self, wait_for_ready: &Bound<'_, PyAny>) -> PyResult<Self> {
        let wait = args::boolean(wait_for_ready, "wait_for_ready")?;
        Ok(self.with(|options| options.wait_for_ready = wait))
    }

    fn with_tcp_keepalive(&self, tcp_keepalive: &Bound<'_, PyAny>) -> PyResult<Self> {
        let interval = args::seconds(tcp_keepalive, "tcp_keepalive")?;
        Ok(self.with(|options| options.tcp_keep_alive = Some(interval)))
    }

    fn with_max_response_size(&self, max_response_size: &Bound<'_, PyAny>) -> PyResult<Self> {
        let size = args::positive(max_response_size, "max_response_size")?;
        Ok(self.with(|options| {
            options.max_response_size = usize::try_from(size).unwrap_or(usize::MAX);
        }))
    }

    fn with_require_connection(&self, required: &Bound<'_, PyAny>) -> PyResult<Self> {
        let required = args::boolean(required, "required")?;
        Ok(self.with(|options| options.require_connection = required))
    }

    fn with_sync_interval(&self, sync_interval: &Bound<'_, PyAny>) -> PyResult<Self> {
        let interval = if sync_interval.is_none() {
            None
        } else {
            Some(args::seconds(sync_interval, "sync_interval")?)
        };
        Ok(self.with(|options| options.sync_interval = interval))
    }

    fn with_hooks(&self, hooks: &Bound<'_, PyAny>) -> PyResult<Self> {
        let hooks = (!hooks.is_none()).then(|| Hooks::read(hooks, "hooks")).transpose()?;
        Ok(Self { options: self.options.clone(), hooks })
    }

    #[pyo3(signature = (**options))]
    fn with_tls(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut keywords = Keywords::new("ConnectOptions.with_tls", options);
        let tls = read_tls(py, &mut keywords)?.unwrap_or_default();
        keywords.finish()?;
        Ok(self.with(|options| options.tls = Some(tls)))
    }

    /// The same options with the hooks of others.
    fn _with_hooks_of(&self, other: &Self) -> Self {
        Self { options: self.options.clone(), hooks: other.hooks.clone() }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(self.hooks.as_ref().map(Hooks::object))
    }

    /// For pickling and copying: the keyword arguments that make the same options.
    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyDict>,))> {
        let restore = import(py, "etcd_client._pickles")?.getattr("restored_options")?;
        Ok((restore, (self.keywords(py)?,)))
    }

    fn __repr__(&self) -> String {
        let Options { user, tls, connect_timeout, timeout, .. } = &self.options;
        let user = user.as_ref().map_or("None".into(), |(name, _)| format!("'{name}'"));
        let timeout = timeout.map_or("None".into(), |limit| limit.as_secs_f64().to_string());
        format!(
            "ConnectOptions(user={user}, tls={}, connect_timeout={}, timeout={timeout})",
            if tls.is_some() { "True" } else { "False" },
            connect_timeout.as_secs_f64(),
        )
    }
}

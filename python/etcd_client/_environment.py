"""Reading the environment variables of `etcdctl`, for `Client.from_env`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ._discovery import Discovery
from ._etcd_client import ConnectOptions
from .errors import InvalidArgsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_PREFIX = "ETCDCTL_"
_DEFAULT_ENDPOINTS = "127.0.0.1:2379"
# What Go's `time.ParseDuration` reads, in seconds.
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
# What Go's `strconv.ParseBool` reads.
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}


class _Settings(NamedTuple):
    """The endpoints and options of a client, from the environment."""

    endpoints: str | Discovery
    options: ConnectOptions


def read(environment: Mapping[str, str]) -> _Settings:
    """Read the variables that `etcdctl` reads; an empty one counts as not set."""
    variables = _Variables(environment)
    domain = variables.text("DISCOVERY_SRV")
    if domain is None:
        endpoints: str | Discovery = variables.text("ENDPOINTS") or _DEFAULT_ENDPOINTS
    else:
        endpoints = Discovery(domain, variables.text("DISCOVERY_SRV_NAME"))
    return _Settings(endpoints, ConnectOptions(**_options(variables)))


def _options(variables: _Variables) -> dict[str, Any]:
    options: dict[str, Any] = {
        "ca": variables.text("CACERT"),
        "connect_timeout": variables.seconds("DIAL_TIMEOUT"),
        "timeout": variables.seconds("COMMAND_TIMEOUT"),
        "keep_alive_interval": variables.seconds("KEEPALIVE_TIME"),
        "keep_alive_timeout": variables.seconds("KEEPALIVE_TIMEOUT"),
        "cert": variables.text("CERT"),
        "key": variables.text("KEY"),
    }
    if (options["cert"] is None) != (options["key"] is None):
        message = f"{_PREFIX}CERT and {_PREFIX}KEY: expected both or none"
        raise InvalidArgsError(message)
    if variables.flag("INSECURE_SKIP_TLS_VERIFY"):
        options["verify"] = False
    elif variables.flag("INSECURE_TRANSPORT") is False:
        options["verify"] = True
    options["user"], options["password"] = _credentials(variables)
    return {name: option for name, option in options.items() if option is not None}


def _credentials(variables: _Variables) -> tuple[str | None, str | None]:
    user, password = variables.text("USER"), variables.text("PASSWORD")
    if user is None:
        if variables.text("AUTH_JWT_TOKEN") is not None:
            message = f"{_PREFIX}AUTH_JWT_TOKEN: expected {_PREFIX}USER, a token cannot be given"
            raise InvalidArgsError(message)
        return None, None
    if password is None:
        user, colon, password = user.partition(":")
        if not colon:
            # `etcdctl` would prompt for it.
            message = f"{_PREFIX}USER: expected name:password, or {_PREFIX}PASSWORD beside it"
            raise InvalidArgsError(message)
    return user, password


class _Variables:
    """The variables whose names begin with the prefix."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str) -> str | None:
        return self._environment.get(_PREFIX + name) or None

    def flag(self, name: str) -> bool | None:
        text = self.text(name)
        if text is None:
            return None
        if text not in _BOOLEANS:
            message = f"{_PREFIX}{name}: expected true or false, got {text!r}"
            raise InvalidArgsError(message)
        return _BOOLEANS[text]

    def seconds(self, name: str) -> float | None:
        text = self.text(name)
        if text is None:
            return None
        parts = _PART.findall(text)
        seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
        if "".join(number + unit for number, unit in parts) != text or not seconds > 0:
            message = f"{_PREFIX}{name}: expected a time above 0 such as 5s or 1m30s, got {text!r}"
            raise InvalidArgsError(message)
        return seconds

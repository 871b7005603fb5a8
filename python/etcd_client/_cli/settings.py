"""The options of connections: those of the command line, then the environment of etcdctl."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from dataclasses import dataclass

from etcd_client import _environment
from etcd_client._client import Client
from etcd_client._discovery import Discovery
from etcd_client._etcd_client import ConnectOptions, read_endpoints

_DEFAULT_TIMEOUT = "5s"
# Options that take the place of a variable, in the order of `--help`.
_VARIABLES = {
    "endpoints": ("HOST:PORT,...", "the members' client addresses; 127.0.0.1:2379 by default"),
    "user": ("NAME[:PASSWORD]", "the user; the password is asked for if it is missing"),
    "password": ("PASSWORD", "the password of the user"),
    "cacert": ("FILE", "the certificate of the authority to trust"),
    "cert": ("FILE", "the certificate to present"),
    "key": ("FILE", "the key of the certificate"),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of connections to the parser of a command."""
    group = parser.add_argument_group("connection")
    for name, (metavar, text) in _VARIABLES.items():
        variable = _variable(name)
        group.add_argument(f"--{name}", metavar=metavar, help=f"{text} [{variable}]")
    group.add_argument(
        "--timeout",
        metavar="TIME",
        help="the deadline of each call, such as 10s; 5s by default "
        "[ETCDCTL_COMMAND_TIMEOUT, ETCDCTL_DIAL_TIMEOUT]",
    )


def add_endpoints(parser: argparse.ArgumentParser) -> None:
    """Let endpoints be given without an option, to a command that has no other arguments."""
    parser.add_argument("endpoint", nargs="*", metavar="ENDPOINT", help="instead of --endpoints")


@dataclass(frozen=True)
class Settings:
    """Where to connect to, and how."""

    endpoints: list[str] | Discovery
    options: ConnectOptions
    environment: dict[str, str]
    """The variables of etcdctl, with the options of the command line in their place."""

    def client(self) -> Client:
        """Return a client of all endpoints."""
        return Client(self.endpoints, self.options)

    async def resolved(self) -> tuple[list[str], ConnectOptions]:
        """Return the endpoints, of which DNS may have the list, and the options for them."""
        if isinstance(self.endpoints, Discovery):
            return await self.endpoints.resolve(self.options)
        return self.endpoints, self.options


def read(arguments: argparse.Namespace) -> Settings:
    """Read the options.

    Args:
        arguments: The parsed arguments of a command that `add_options` was called for.

    Raises:
        InvalidArgsError: An option or a variable is malformed.
        OSError: A file cannot be read.
    """
    if getattr(arguments, "endpoint", None):
        arguments.endpoints = ",".join(arguments.endpoint)
    environment = dict(os.environ)
    given = {name: getattr(arguments, name) for name in _VARIABLES}
    environment |= {_variable(name): value for name, value in given.items() if value is not None}
    if given["endpoints"] is not None:
        environment.pop(_variable("discovery_srv"), None)
    if given["user"] is not None and given["password"] is None and ":" in given["user"]:
        # What the environment has belongs to another user.
        environment.pop(_variable("password"), None)
    _ask_for_password(environment)
    for name in ("dial_timeout", "command_timeout"):
        chosen = arguments.timeout or environment.get(_variable(name)) or _DEFAULT_TIMEOUT
        environment[_variable(name)] = chosen
    found = _environment.read(environment)
    options = found.options.with_require_connection(True)  # noqa: FBT003 - as it reads
    endpoints = found.endpoints
    if isinstance(endpoints, str):
        return Settings(read_endpoints(endpoints, options), options, environment)
    return Settings(endpoints, options, environment)


def in_words_of_options(message: str, arguments: argparse.Namespace) -> str:
    """Name the options that were given, instead of the variables whose place they take."""
    for name in _VARIABLES:
        if getattr(arguments, name, None) is not None:
            message = message.replace(_variable(name), f"--{name}")
    if getattr(arguments, "timeout", None) is not None:
        message = message.replace(_variable("dial_timeout"), "--timeout")
    return message


def _ask_for_password(environment: dict[str, str]) -> None:
    user = environment.get(_variable("user"), "")
    known = ":" in user or environment.get(_variable("password"))
    if user and not known and sys.stdin is not None and sys.stdin.isatty():
        environment[_variable("password")] = getpass.getpass(f"Password of {user}: ")


def _variable(name: str) -> str:
    return f"ETCDCTL_{name.upper()}"

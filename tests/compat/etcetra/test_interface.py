"""The names, the arguments and their order are those of etcetra; all of it is documented."""

from __future__ import annotations

import builtins
import doctest
import inspect
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import etcd_client
from etcd_client import Client, Communicator
from etcd_client.compat import etcetra
from etcd_client.compat.etcetra import client as client_module
from etcd_client.compat.etcetra import errors, types
from tests.typing.test_docstring_examples import enter

BOUNDS = [
    "max_create_revision",
    "max_mod_revision",
    "min_create_revision",
    "min_mod_revision",
    "revision",
]
SORTED = ["sort_order", "sort_target"]
WATCH = [
    "key",
    "ready_event",
    "filters",
    "prev_kv",
    "progress_notify",
    "start_revision",
    "watch_id",
    "encoding",
]

# From the API documentation of etcetra: positional arguments, in order.
CALLS = {
    "EtcdClient": ["addr", "credentials", "secure", "encoding"],
    "EtcdClient.connect": [],
    "EtcdClient.with_lock": ["lock_name", "timeout", "ttl"],
    "EtcdCommunicator": ["channel", "encoding"],
    "EtcdCommunicator.campaign_election": ["name", "lease_id", "value"],
    "EtcdCommunicator.create_lease_keepalive_task": ["id", "interval"],
    "EtcdCommunicator.delete": ["key", "prev_kv", "encoding"],
    "EtcdCommunicator.delete_prefix": ["key", "prev_kv", "encoding"],
    "EtcdCommunicator.delete_range": ["key", "range_end", "prev_kv", "encoding"],
    "EtcdCommunicator.get": ["key", *BOUNDS, "encoding"],
    "EtcdCommunicator.get_election": ["name"],
    "EtcdCommunicator.get_prefix": ["key", *BOUNDS, *SORTED, "encoding"],
    "EtcdCommunicator.get_range": ["key", "range_end", "limit", *BOUNDS, *SORTED, "encoding"],
    "EtcdCommunicator.grant_lease": ["ttl", "id"],
    "EtcdCommunicator.keys_prefix": ["key", *BOUNDS, *SORTED, "encoding"],
    "EtcdCommunicator.keys_range": [
        *("key", "range_end", "limit", *BOUNDS, "serializable", *SORTED, "encoding")
    ],
    "EtcdCommunicator.observe_election": ["name"],
    "EtcdCommunicator.proclaim_election": ["leader", "value"],
    "EtcdCommunicator.put": ["key", "value", "lease", "prev_kv", "encoding"],
    "EtcdCommunicator.resign_election": ["leader"],
    "EtcdCommunicator.revoke_lease": ["id"],
    "EtcdCommunicator.txn": ["txn_builder", "encoding"],
    "EtcdCommunicator.txn_compare": ["compares", "txn_builder", "encoding"],
    "EtcdCommunicator.watch": WATCH,
    "EtcdCommunicator.watch_prefix": WATCH,
    "EtcdTransactionAction": ["encoding"],
    "EtcdTransactionAction.delete": ["key", "encoding"],
    "EtcdTransactionAction.get": ["key", "limit", *BOUNDS, "serializable", *SORTED, "encoding"],
    "EtcdTransactionAction.put": [
        *("key", "value", "lease", "ignore_value", "ignore_lease", "encoding")
    ],
    "EtcdLockManager": ["name", "channel", "encoding", "ttl", "timeout_seconds"],
    "CompareBuilder": ["key", "target"],
    "CompareKey": [
        *("key", "target_lease", "mod_revision", "range_end", "target_version", "encoding")
    ],
    "EtcdCredential": ["username", "password"],
    "EtcdLockOption": ["lock_name", "timeout", "ttl"],
    "HostPortPair": ["host", "port"],
    "HostPortPair.parse": ["s"],
    "TxnReturnType": ["values", "success"],
    "WatchEvent": ["key", "value", "prev_value", "event"],
}
ENUMS = {
    "CompareCompareResult": ["EQUAL", "GREATER", "LESS", "NOT_EQUAL"],
    "CompareCompareTarget": ["VERSION", "CREATE", "MOD", "VALUE", "LEASE"],
    "RangeRequestSortOrder": ["NONE", "ASCEND", "DESCEND"],
    "RangeRequestSortTarget": ["KEY", "VERSION", "CREATE", "MOD", "VALUE"],
    "WatchCreateRequestFilterType": ["NOPUT", "NODELETE"],
    "WatchEventType": ["PUT", "DELETE"],
}


def found(name: str) -> Any:
    """Return a class of etcetra, or a member of one."""
    kind, _, member = name.partition(".")
    value = getattr(etcetra, kind)
    return getattr(value, member) if member else value


@pytest.mark.parametrize("name", CALLS)
def test_the_arguments_are_those_of_etcetra(name: str) -> None:
    parameters = [
        parameter.name
        for parameter in inspect.signature(found(name)).parameters.values()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and parameter.name != "self"
    ]
    assert parameters == CALLS[name]


@pytest.mark.parametrize("name", ENUMS)
def test_the_members_are_those_of_etcetra(name: str) -> None:
    members = [(member.name, member.value) for member in found(name)]
    assert members == [(member, number) for number, member in enumerate(ENUMS[name])]


def test_its_modules_have_their_names() -> None:
    assert {name for module in (client_module, types) for name in module.__all__} == {
        *etcetra.__all__
    }
    for module in (client_module, types):
        assert all(getattr(module, name) is getattr(etcetra, name) for name in module.__all__)


def documented() -> Iterator[tuple[str, object]]:
    """Yield the module's own public classes and their members."""
    for module in (etcetra, errors):
        yield module.__name__, module
        for name, kind in vars(module).items():
            if not isinstance(kind, type) or not kind.__module__.startswith(etcetra.__name__):
                continue
            yield name, kind
            for member, value in inspect.getmembers(kind):
                if (
                    callable(value)
                    and not member.startswith("_")
                    and member not in {"count", "index"}
                ):
                    yield f"{name}.{member}", value


DOCUMENTED = dict(documented())
EXAMPLES = {
    name: examples
    for name, value in DOCUMENTED.items()
    if (examples := doctest.DocTestParser().get_examples(inspect.getdoc(value) or ""))
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_all_of_it_is_documented(name: str) -> None:
    assert inspect.getdoc(DOCUMENTED[name])


@pytest.mark.parametrize("name", EXAMPLES)
async def test_examples_show_what_happens(
    name: str, endpoint: str, client: Client, communicator: Communicator
) -> None:
    session: dict[str, Any] = {
        "__builtins__": builtins,
        "endpoint": endpoint,
        "client": client,
        "communicator": communicator,
    }
    for example in EXAMPLES[name]:
        assert await enter(example.source, session) == example.want


def test_there_are_examples() -> None:
    assert {"EtcdClient", "EtcdCommunicator", "CompareKey"} <= EXAMPLES.keys()


def test_importing_the_package_does_not_import_it() -> None:
    program = (
        "import sys, etcd_client; etcd_client.Lock; etcd_client.Cache; "
        "print([name for name in sys.modules if 'compat' in name])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert printed.stdout == "[]\n"
    assert "compat" not in etcd_client.__all__

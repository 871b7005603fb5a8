"""What the module has: python-aio-etcd's names, documented with examples that run."""

import doctest
import inspect
import subprocess
import sys
from typing import Any

import pytest

import etcd_client.compat.aio_etcd as etcd
from tests.typing.test_docstring_examples import enter

CLASSES = [
    *(value for name in etcd.__all__ if inspect.isclass(value := getattr(etcd, name))),
    etcd.auth.Auth,
    etcd.auth.EtcdRole,
    etcd.auth.EtcdUser,
]
EXAMPLES = {
    value.__name__: examples
    for value in CLASSES
    if (examples := doctest.DocTestParser().get_examples(inspect.getdoc(value) or ""))
}
# Each exception with its bases there.
TREE = {
    "EtcdValueError": {"EtcdException", "ValueError"},
    "EtcdCompareFailed": {"EtcdValueError"},
    "EtcdDirNotEmpty": {"EtcdValueError"},
    "EtcdClusterIdChanged": {"EtcdException"},
    "EtcdKeyError": {"EtcdException"},
    "EtcdKeyNotFound": {"EtcdKeyError"},
    "EtcdNotFile": {"EtcdKeyError"},
    "EtcdNotDir": {"EtcdKeyError"},
    "EtcdAlreadyExist": {"EtcdKeyError"},
    "EtcdRootReadOnly": {"EtcdKeyError"},
    "EtcdEventIndexCleared": {"EtcdException"},
    "EtcdConnectionFailed": {"EtcdException"},
    "EtcdWatchTimedOut": {"EtcdConnectionFailed"},
    "EtcdInsufficientPermissions": {"EtcdException"},
    "EtcdWatcherCleared": {"EtcdException"},
    "EtcdLeaderElectionInProgress": {"EtcdException"},
    "EtcdLockExpired": {"EtcdException"},
    "StopWatching": {"BaseException"},
}


@pytest.mark.parametrize("name", EXAMPLES)
async def test_example_shows_what_happens(name: str, endpoint: str) -> None:
    session: dict[str, Any] = {"endpoint": endpoint}
    for example in EXAMPLES[name]:
        shown = await enter(example.source, session)
        assert doctest.OutputChecker().check_output(example.want, shown, doctest.ELLIPSIS)


def test_what_programs_work_with_has_an_example() -> None:
    assert EXAMPLES.keys() >= {"Client", "EtcdResult", "Lock", "EtcdUser", "EtcdRole"}


@pytest.mark.parametrize("name", TREE)
def test_exceptions_have_their_bases(name: str) -> None:
    assert {base.__name__ for base in getattr(etcd, name).__bases__} == TREE[name]


def test_exceptions_can_be_made_by_programs() -> None:
    assert etcd.EtcdException("what", {"errorCode": 100}).payload == {"errorCode": 100}
    cause = OSError("gone")
    failed = etcd.EtcdConnectionFailed("what", cause=cause)
    assert (str(failed), failed.payload, failed.cause) == ("what", None, cause)


def test_all_has_every_public_name() -> None:
    # pytest adds names with "@" where it rewrites assertions.
    public = {name for name in vars(etcd) if not name.startswith(("_", "@"))}
    assert public == set(etcd.__all__)


def test_other_programs_do_not_load_it() -> None:
    program = """
import sys
import etcd_client
assert not [name for name in sys.modules if name.startswith("etcd_client.compat")]
import etcd_client.compat.aio_etcd
# Python 3.10 has asyncio's `TimeoutError` there, a base of this package's.
assert "asyncio" not in sys.modules or sys.version_info < (3, 11)
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_what_api_v2_has_removed_is_not_there_either() -> None:
    client = etcd.Client()
    with pytest.raises(NotImplementedError):
        client.get_lock("name")
    with pytest.raises(NotImplementedError):
        client.election  # noqa: B018 - it raises
    assert client.key_endpoint == "/v2/keys"
    assert client.lock_prefix == "/_locks"
    assert client.allow_redirect

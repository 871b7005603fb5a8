"""The exceptions: their tree, what 0.5.1 promised of them, and what the server's errors become."""

import asyncio
import copy
import inspect
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import etcd_client
from etcd_client import GRPCStatusCode, errors
from etcd_client.errors import _makers
from scripts import generate_errors

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / generate_errors.TABLE).read_text()

CLASSES: list[type[errors.EtcdError]] = [
    vars(errors)[name] for name in errors.__all__ if vars(errors)[name].__name__ == name
]
STATUS_CLASSES = [known for known in CLASSES if issubclass(known, errors.GRPCStatusError)]
RPC_CLASSES = [
    known
    for known in CLASSES
    if issubclass(known, errors.RpcError) and errors.RpcError in known.__bases__
]

# Those that programs written for etcd-client-py 0.5.1 import.
NAMES_OF_0_5_1 = [
    "ClientError",
    "ElectError",
    "EndpointError",
    "EndpointsNotManagedError",
    "GRPCStatusError",
    "InvalidArgsError",
    "InvalidHeaderValueError",
    "InvalidUriError",
    "IoError",
    "LeaseKeepAliveError",
    "LockError",
    "TransportError",
    "Utf8Error",
    "WatchError",
]

# More bases than the one that the tree draws a class under, and the builtins.
FURTHER_BASES = [
    (errors.EtcdTimeoutError, TimeoutError),
    (errors.EtcdTimeoutError, asyncio.TimeoutError),
    (errors.EtcdConnectionError, ConnectionError),
    (errors.LeaseLostError, errors.LeaseKeepAliveError),
    (errors.SessionExpiredError, errors.LockError),
    (errors.ElectionNotLeaderError, errors.ElectError),
    (errors.ElectionNoLeaderError, errors.ElectError),
    (errors.WatchCanceledError, errors.WatchError),
    (errors.ServerTimeoutError, TimeoutError),
    (errors.ServerTimeoutError, asyncio.TimeoutError),
    (errors.DeadlineExceededError, errors.EtcdTimeoutError),
    (errors.InvalidArgsError, ValueError),
    (errors.LockTimeoutError, errors.EtcdTimeoutError),
    (errors.IoError, OSError),
    (errors.UnreachableError, errors.EtcdTimeoutError),
    (errors.ClosedError, RuntimeError),
    (errors.WrongLoopError, RuntimeError),
    (errors.ForkedError, RuntimeError),
]

# etcd's errors that no program acts on, but by showing them.
WITHOUT_CLASS = {
    "Canceled",
    "ClusterIDMismatch",
    "ClusterVersionUnavailable",
    "InvalidClientAPIVersion",
    "InvalidSortOption",
    "LeaseProvided",
    "PermissionNotGiven",
    "ProposalDropped",
    "ValueProvided",
}


def make(known: type[errors.EtcdError]) -> errors.EtcdError:
    """Make an error of a class, with all that it can carry."""
    cause = _makers.from_status(14, "etcdserver: leader changed", "LeaderChanged", None)
    if known is errors.OutcomeUnknownError:
        return _makers.outcome_unknown(cause)
    if issubclass(known, errors.CompactedError):
        return known("etcdserver: mvcc: required revision has been compacted", compact_revision=7)
    if known is errors.RpcError:
        return known("etcdserver: value is provided", reason="ValueProvided")
    return known("why")


def drawn_tree() -> Iterator[tuple[str, list[str]]]:
    """Yield each class that the module's documentation draws, and the bases that it draws."""
    above = ["Exception"]
    for line in inspect.cleandoc(errors.__doc__ or "").splitlines():
        if found := re.match(r"((?: {4})+)([A-Z]\w+)", line):
            above = above[: len(found[1]) // 4]
            yield found[2], [above[-1], *re.findall(r"\+ ([A-Z]\w+)", line)]
            above.append(found[2])


def server_error_names() -> set[str]:
    """Return the names in the engine's table of etcd's errors."""
    return set(re.findall(r'^\s+(\w+):\s+"', TABLE, re.MULTILINE))


def test_the_documentation_draws_the_tree() -> None:
    drawn = dict(drawn_tree())
    assert drawn.keys() == {known.__name__ for known in CLASSES}
    for name, bases in drawn.items():
        found = {base.__name__ for base in vars(errors)[name].__bases__}
        # On Python 3.10 one class stands for both kinds of timeout.
        assert {"TimeoutError" if base == "AnyTimeoutError" else base for base in found} == set(
            bases
        ), name


@pytest.mark.parametrize(("known", "base"), FURTHER_BASES)
def test_errors_are_caught_by_further_bases(known: type[Exception], base: type[Exception]) -> None:
    with pytest.raises(base) as caught:
        raise known
    assert type(caught.value) is known


@pytest.mark.parametrize(
    ("builtin", "expected"),
    [
        (
            OSError,
            {
                errors.ClusterMismatchError,
                errors.DeadlineExceededError,
                errors.EtcdConnectionError,
                errors.EtcdTimeoutError,
                errors.IoError,
                errors.LockTimeoutError,
                errors.ServerTimeoutError,
                errors.TooManyRequestsError,
                errors.UnreachableError,
            },
        ),
        (
            ValueError,
            {errors.InvalidArgsError, errors.InvalidHeaderValueError, errors.InvalidUriError},
        ),
        (RuntimeError, {errors.ClosedError, errors.ForkedError, errors.WrongLoopError}),
    ],
)
def test_builtins_catch_nothing_else(
    builtin: type[Exception], expected: set[type[errors.EtcdError]]
) -> None:
    assert {known for known in CLASSES if issubclass(known, builtin)} == expected


def test_all_is_sorted_complete_and_on_the_package() -> None:
    public = {
        name
        for name, known in vars(errors).items()
        if isinstance(known, type) and issubclass(known, errors.EtcdError)
    }
    assert errors.__all__ == sorted(public)
    for name in errors.__all__:
        assert getattr(etcd_client, name) is vars(errors)[name]


@pytest.mark.parametrize("known", CLASSES)
def test_errors_survive_pickling_and_copying(known: type[errors.EtcdError]) -> None:
    error = make(known)
    for again in (
        pickle.loads(pickle.dumps(error)),  # noqa: S301 - made above
        copy.copy(error),
        copy.deepcopy(error),
    ):
        assert type(again) is type(error)
        assert again.args == error.args
        assert str(again) == str(error)
        assert repr(again.__dict__) == repr(error.__dict__)


@pytest.mark.parametrize("known", CLASSES)
def test_errors_show_the_module_to_import_them_from(known: type[errors.EtcdError]) -> None:
    assert known.__module__ == "etcd_client"
    assert type(make(known)).__module__ == "etcd_client"


@pytest.mark.parametrize("known", CLASSES)
def test_errors_print_what_they_say(known: type[errors.EtcdError]) -> None:
    error = make(known)
    text = error.message if isinstance(error, errors.GRPCStatusError) else "why"
    assert text in str(error)
    assert str(error) != repr(error)


@pytest.mark.parametrize("name", NAMES_OF_0_5_1)
def test_the_names_of_0_5_1_are_kept(name: str) -> None:
    known = getattr(etcd_client, name)
    assert issubclass(known, etcd_client.ClientError)


@pytest.mark.parametrize("known", STATUS_CLASSES)
def test_the_status_is_a_dictionary_as_in_0_5_1(known: type[errors.GRPCStatusError]) -> None:
    error = make(known)
    assert isinstance(error, errors.GRPCStatusError)
    status = error.args[0]
    assert len(error.args) == 1
    assert status == {"code": error.code, "details": b"", "message": error.message}
    assert type(status["code"]) is int


def test_a_lost_connection_is_seen_by_its_code_as_in_0_5_1() -> None:
    with pytest.raises(etcd_client.GRPCStatusError) as caught:
        raise make(errors.EtcdConnectionError)
    assert caught.value.args[0]["code"] == GRPCStatusCode.Unavailable


def test_a_status_error_can_be_made_from_a_dictionary() -> None:
    error = etcd_client.GRPCStatusError({"code": 5, "details": b"\x01", "message": "gone"})
    assert (error.code, error.details) == (GRPCStatusCode.NotFound, b"\x01")
    assert (error.message, str(error)) == ("gone", "gone")


def test_the_classes_are_those_of_the_engines_table() -> None:
    generated = (ROOT / generate_errors.CLASSES).read_text()
    assert generated == generate_errors.python_source(TABLE), "run `make generate`"


def test_a_change_of_the_table_changes_the_classes() -> None:
    """A renamed error, another base, a documentation, and a class that goes."""
    for old, new in [
        ("        NoLeader:", "        WithoutLeader:"),
        ("SessionExpiredError + LockError {", "SessionExpiredError {"),
        ("/// The user does not exist.", "/// Nobody is called that."),
        ("    NotLeaderError {", "    RpcError {"),
    ]:
        assert TABLE.count(old) == 1
        changed = generate_errors.python_source(TABLE.replace(old, new))
        assert changed != generate_errors.python_source(TABLE)


def test_each_error_of_the_server_has_its_class() -> None:
    for name in server_error_names():
        error = _makers.from_status(2, "etcdserver: why", name, None)
        assert error.reason == name
        assert (type(error) is errors.RpcError) == (name in WITHOUT_CLASS), name
        assert name in WITHOUT_CLASS or name in type(error).reasons


def test_each_class_stands_for_errors_that_the_engine_knows() -> None:
    names = server_error_names()
    listed = [reason for known in RPC_CLASSES for reason in known.reasons]
    assert len(listed) == len(set(listed))
    assert set(listed) | WITHOUT_CLASS == names


def test_a_class_is_called_like_its_error() -> None:
    others = {
        "FutureRevisionError": "FutureRev",
        "ServerTimeoutError": "Timeout",  # `TimeoutError` is a builtin
        "UnimplementedError": "",
    }
    for known in RPC_CLASSES:
        name = known.__name__.removesuffix("Error")
        assert known("why").reason == others.get(known.__name__, name)


def test_the_answer_of_the_server_is_kept() -> None:
    error = _makers.from_status(5, "etcdserver: requested lease not found", "LeaseNotFound", None)
    assert type(error) is errors.LeaseNotFoundError
    assert error.code is GRPCStatusCode.NotFound
    assert error.message == "etcdserver: requested lease not found"
    assert error.details == b""
    assert str(error) == "etcdserver: requested lease not found (NotFound)"


@pytest.mark.parametrize("revision", [7, None])
def test_compaction_says_up_to_where(revision: int | None) -> None:
    error = _makers.from_status(11, "etcdserver: compacted", "Compacted", revision)
    assert isinstance(error, errors.CompactedError)
    assert error.compact_revision == revision


def test_an_error_without_a_name_is_told_by_its_code() -> None:
    missing = _makers.from_status(12, "unknown method Downgrade", "", None)
    late = _makers.from_status(4, "stream timeout", "", None)
    other = _makers.from_status(14, "upstream connect error", "", None)
    assert type(missing) is errors.UnimplementedError
    assert type(late) is errors.DeadlineExceededError
    assert type(other) is errors.RpcError
    assert (missing.reason, other.reason) == ("", "")


@pytest.mark.parametrize("code", [-1, 17])
def test_an_unheard_of_code_is_unknown(code: int) -> None:
    assert _makers.from_status(code, "", "", None).code is GRPCStatusCode.Unknown


@pytest.mark.parametrize(
    "cause",
    [
        errors.EtcdTimeoutError("no answer within 5 s"),
        errors.EtcdConnectionError("connection reset"),
        _makers.from_status(14, "etcdserver: leader changed", "LeaderChanged", None),
        _makers.from_status(8, "etcdserver: mvcc: database space exceeded", "NoSpace", None),
        _makers.from_status(1, "context canceled", "Canceled", None),
        errors.ClosedError("the communicator is closed"),
    ],
    ids=lambda cause: type(cause).__name__,
)
def test_an_unknown_outcome_is_of_the_class_of_its_cause(cause: errors.EtcdError) -> None:
    with pytest.raises(type(cause)) as caught:
        raise _makers.outcome_unknown(cause)
    error = caught.value
    assert isinstance(error, errors.OutcomeUnknownError)
    assert error.cause is error.__cause__ is cause
    assert error.code is getattr(cause, "code", GRPCStatusCode.Unknown)
    assert str(error) == f"the change may or may not have been made: {cause}"
    assert getattr(error, "reason", None) == getattr(cause, "reason", None)


def test_the_cause_of_an_unknown_outcome_survives_pickling() -> None:
    error: Any = _makers.outcome_unknown(errors.EtcdTimeoutError("no answer within 5 s"))
    error.seen = "twice"
    again: Any = pickle.loads(pickle.dumps(error))  # noqa: S301 - made above
    assert type(again) is type(error)
    assert again.cause is again.__cause__
    assert repr(again.cause) == repr(error.cause)
    assert again.seen == "twice"


def test_the_error_of_a_read_is_no_unknown_outcome() -> None:
    assert type(errors.EtcdTimeoutError("late")) is errors.EtcdTimeoutError
    assert type(errors.EtcdConnectionError("reset")) is errors.EtcdConnectionError


def test_the_engine_finds_what_it_makes_its_exceptions_with() -> None:
    engine = (ROOT / "src" / "py" / "errors.rs").read_text()
    assert re.findall(r'MODULE: &str = "([\w.]+)"', engine) == [_makers.__name__]
    assert sorted(set(re.findall(r'\bmake\(py, "(\w+)"', engine))) == _makers.__all__
    assert set(_makers.__all__) <= vars(_makers).keys()

"""Each argument of each call, given wrongly: an error that names it, and nothing is sent.

The calls and the kinds of their arguments are read from the stub and the sources, so that a new
call is tried without being written down here.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

import etcd_client
from etcd_client import (
    Client,
    Communicator,
    Compare,
    CompareOp,
    ConnectOptions,
    Election,
    EtcdLockOption,
    InvalidArgsError,
    Key,
    KeyValue,
    LeaderKey,
    Lock,
    PermissionType,
    Txn,
    TxnOp,
)
from tests.support import tasks
from tests.typing.declarations import PACKAGE, STUB

_SURROGATE = "\ud800"
_NO_NUMBERS = ("1", b"1", True, object(), [1])
_BEYOND = (2**64, 10**400)
_NO_TIMES = (0, -1, -0.5, float("nan"), float("inf"), 10**400)

# By annotation: what is of a wrong type, and what has a wrong value.
WRONG: dict[str, tuple[tuple[object, ...], tuple[object, ...]]] = {
    "BytesLike": ((5, None, 1.5, True, object(), [b"a"]), (_SURROGATE,)),
    "BytesLike | None": ((5, 1.5, True, object()), (_SURROGATE,)),
    "int": ((*_NO_NUMBERS, 1.5, None), (-1, *_BEYOND)),
    "int | None": ((*_NO_NUMBERS, 1.5), (-1, *_BEYOND)),
    "bool": ((1, 0, "yes", b"", object()), ()),
    "bool | None": ((1, "yes", object()), ()),
    "float": ((*_NO_NUMBERS, None), _NO_TIMES),
    "float | None": (_NO_NUMBERS, _NO_TIMES),
    "LeaseId": ((*_NO_NUMBERS, 1.5, None), _BEYOND),
    "LeaseId | None": ((*_NO_NUMBERS, 1.5), _BEYOND),
    "str": ((5, None, b"text", True, ["a"]), (_SURROGATE,)),
    "str | None": ((5, b"text", True, ["a"]), (_SURROGATE,)),
    "SortOrder": (("ASCEND", 1, CompareOp.EQUAL), ()),
    "SortTarget": (("KEY", 1, CompareOp.EQUAL), ()),
    "CompareOp": (("EQUAL", 0, None, PermissionType.READ), ()),
    "PermissionType": (("READ", 0, None, CompareOp.EQUAL), ()),
    "AlarmType": (("NOSPACE", 1, None, CompareOp.EQUAL), ()),
    "AlarmType | None": (("NOSPACE", 1, CompareOp.EQUAL), ()),
    "DowngradeAction": (("CANCEL", 2, None, CompareOp.EQUAL), ()),
    "Isolation | None": ((1, "SERIALIZABLE", CompareOp.EQUAL), ()),
    "Iterable[BytesLike]": ((5, b"key", "key", [5]), ([_SURROGATE],)),
    "Iterable[BytesLike] | None": ((5, b"key", "key", [5]), ([_SURROGATE],)),
    "int | Iterable[BytesLike]": ((1.5, True, "key", b"key", object(), [5]), (0, -1, [_SURROGATE])),
    "Iterable[tuple[BytesLike, BytesLike]] | None": ((5, [b"a"], [(b"a", 5)]), ([(b"a", b"")],)),
    "Iterable[WatchFilterType] | None": ((5, ["NOPUT"], [0]), ()),
    "Iterable[str]": ((5, "http://a:2379", [5], None), ([],)),
    "EventLike | None": ((5, "event", print), ()),
    "Txn": ((None, [], "txn", TxnOp.get("a")), ()),
    "Session | None": ((5, "session", object()), ()),
    "Sequence[Compare]": ((5, None, Compare.lease("a", CompareOp.EQUAL, 1), [False], "a"), ()),
    "Sequence[TxnOp]": ((5, None, TxnOp.get("a"), [Txn()], "a"), ()),
    "LeaderKey": ((5, None, b"key"), ()),
    "KeyValue": ((5, None, b"key"), ()),
    "ConnectOptions | None": ((5, "options"), ()),
    "EtcdLockOption": ((5, None, "lock"), ()),
    "PemSource | None": ((5, 1.5), (b"no PEM",)),
    "str | Iterable[str] | Discovery": ((5, None, [5]), ([],)),
    "EtcdLockOption | None": ((5, "lock"), ()),
    "str | PathLike[str]": ((5, None), ()),
}
# Checked elsewhere, or of any kind: callables, and what is passed on as it is.
NOT_TRIED = re.compile(r"Callable|Mapping|object|Any|^_|^None$|^Communicator$")

RIGHT: dict[str, object] = {
    "BytesLike": "key",
    "int": 1,
    "bool": True,
    "float": 1.5,
    "LeaseId": 1,
    "str": "name",
    "CompareOp": CompareOp.EQUAL,
    "PermissionType": PermissionType.READ,
    "int | Iterable[BytesLike]": 1,
    "Iterable[str]": ["http://a:2380"],
    "Sequence[Compare]": [],
    "Sequence[TxnOp]": [],
    "Txn": Txn(),
    "LeaderKey": LeaderKey(b"name", b"key", 1, 1),
    "Communicator": None,
    "str | Iterable[str] | Discovery": "localhost:2379",
    "KeyValue": KeyValue(b"key", b"value", 1, 1, 1, 0),
    "AlarmType": etcd_client.AlarmType.NOSPACE,
    "DowngradeAction": etcd_client.DowngradeAction.VALIDATE,
    "EtcdLockOption": EtcdLockOption("name"),
    "str | PathLike[str]": "file",
}

# Values that are wrong of their kind, and right here.
ACCEPTED: dict[tuple[str, str], tuple[object, ...]] = {
    ("Compare.create_revision", "revision"): (-1,),
    ("Compare.mod_revision", "revision"): (-1,),
    ("Compare.version", "version"): (-1,),
    # etcd's own ids may be negative.
    ("Communicator.lease", "id"): (-1,),
    ("Communicator.lease_grant", "id"): (-1,),
    # Counts down too, and beyond 64 bits.
    ("Session.counter", "default"): (-1, *_BEYOND),
    # Deletes the key.
    ("Communicator.replace", "value"): (None,),
}
# What a call cannot do without beside what has no default.
ALSO_NEEDED: dict[str, dict[str, object]] = {
    "Auth.user_add": {"password": "secret"},
    "Communicator.watch_many": {"keys": ["key"]},
    "ConnectOptions.__new__": {"user": "name", "password": "secret"},
}
# Where another argument of the same thing is named.
NAMED_SO = {
    ("Communicator.watch_many", "ranges"): "ranges|range_end",
    ("ConnectOptions.__new__", "key"): "key|cert",
    ("ConnectOptions.with_tls", "key"): "key|cert",
}


@dataclass(frozen=True)
class Argument:
    """One argument of one call, and the kinds of the others that it cannot do without."""

    owner: str
    call: str
    name: str
    kind: str
    required: tuple[tuple[str, str], ...]
    is_optional: bool
    is_native: bool

    def __str__(self) -> str:
        return f"{self.owner}.{self.call}-{self.name}"


def declared() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef, bool]]:
    """Yield each public method of the classes that are tried: class, method, whether native."""
    sources = [STUB, *sorted(path for path in PACKAGE.rglob("*.py") if "compat" not in path.parts)]
    extends = {"Changes": "Communicator", "Acquirable": "Lock"}
    for source in sources:
        for node in ast.parse(source.read_text()).body:
            owner = extends.get(node.name, node.name) if isinstance(node, ast.ClassDef) else ""
            if not isinstance(node, ast.ClassDef) or owner not in MAKERS:
                continue
            for item in node.body:
                if not isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                    continue
                is_made = item.name in CONSTRUCTORS and owner == node.name
                if is_made or not item.name.startswith("_"):
                    yield owner, item, source == STUB


def arguments() -> Iterator[Argument]:
    """Yield each argument of each call."""
    for owner, node, is_native in declared():
        given = node.args
        names = [*given.args, *given.kwonlyargs]
        kinds = {each.arg: ast.unparse(each.annotation) for each in names if each.annotation}
        positional = len(given.args) - len(given.defaults)
        required = [each.arg for each in given.args[:positional] if each.arg in kinds]
        for name, kind in kinds.items():
            if NOT_TRIED.search(kind) or (owner, node.name) in NO_CALLS:
                continue
            needed = tuple((each, kinds[each]) for each in required if each != name)
            is_optional = name not in required
            yield Argument(owner, node.name, name, kind, needed, is_optional, is_native)


# What the methods are called on; entered first where it is a context.
MAKERS: dict[str, Callable[[Communicator], Any]] = {
    "Communicator": lambda communicator: communicator,
    "Auth": lambda communicator: communicator.auth,
    "Cluster": lambda communicator: communicator.cluster,
    "Maintenance": lambda communicator: communicator.maintenance,
    "Lock": lambda communicator: Lock(communicator, "name"),
    "Election": lambda communicator: Election(communicator, "name", "value"),
    "Session": lambda communicator: communicator.session(60),
    "Client": lambda _: Client("localhost:2379"),
    "ConnectOptions": lambda _: ConnectOptions(),
    "EtcdLockOption": lambda _: EtcdLockOption("name"),
    "Key": lambda _: Key("key"),
    "Txn": lambda _: Txn(),
    "TxnOp": lambda _: TxnOp,
    "Compare": lambda _: Compare.version("key", CompareOp.EQUAL, 0),
}
CONSTRUCTORS = {"__new__", "__init__"}
# The constructors of what programs do not make.
NO_CALLS = {("Communicator", "__new__"), ("Maintenance", "__new__"), ("Maintenance", "__init__")}
# Of overloads, which have the same arguments, the last.
ARGUMENTS = [*{str(argument): argument for argument in arguments()}.values()]


def called(argument: Argument, communicator: Communicator, target: Any) -> partial[Any]:
    """Return the call, with all other arguments that it needs."""
    call = target if isinstance(target, type) else type(target)
    if argument.call not in CONSTRUCTORS:
        call = getattr(target, argument.call)
    needed = {name: right(kind) for name, kind in argument.required}
    if "communicator" in needed:
        needed["communicator"] = communicator
    needed |= ALSO_NEEDED.get(f"{argument.owner}.{argument.call}", {})
    if (
        argument.owner == "Communicator"
        and argument.call == "cache"
        and argument.name != "prefixes"
    ):
        needed["prefix"] = ""
    needed.pop(argument.name, None)
    return partial(call, **needed)


def right(kind: str) -> object:
    """Return a right argument of a kind."""
    return str if kind.startswith("Callable") else RIGHT[kind]


async def fault(
    argument: Argument, call: Callable[..., Any], value: object, kind: type[Exception]
) -> str:
    """Pass a wrong value; return what is wrong with what comes of it."""
    name = NAMED_SO.get((f"{argument.owner}.{argument.call}", argument.name), argument.name)
    try:
        result = call(**{argument.name: value})
        if isinstance(result, Coroutine):
            result = await result
        else:
            await tasks.begun(result)
    except kind as error:
        said = str(error)
        return "" if re.match(rf"({name}): expected .*", said) else f"{value!r:.40}: says {said}"
    except Exception as error:  # noqa: BLE001 - any other kind is a fault
        return f"{value!r:.40}: {type(error).__name__}: {error}"
    return f"{value!r:.40}: accepted: {result!r:.80}"


def test_every_kind_of_argument_is_known() -> None:
    assert {argument.kind for argument in ARGUMENTS} - set(WRONG) == set()


@pytest.mark.parametrize("argument", ARGUMENTS, ids=str)
async def test_a_wrong_argument_is_named(communicator: Communicator, argument: Argument) -> None:
    target = MAKERS[argument.owner](communicator)
    types, values = WRONG[argument.kind]
    accepted = ACCEPTED.get((f"{argument.owner}.{argument.call}", argument.name), ())
    # None stands for what is not given.
    accepted += (None,) if argument.is_optional else ()
    async with AsyncExitStack() as contexts:
        is_held = argument.owner in {"Lock", "Election", "Session"}
        if is_held and argument.call not in {*CONSTRUCTORS, "acquire", "campaign"}:
            await contexts.enter_async_context(target)
        call = called(argument, communicator, target)
        requests = communicator.stats().requests
        faults = [
            await fault(argument, call, value, kind)
            for kind, wrong in [(TypeError, types), (InvalidArgsError, values)]
            for value in wrong
            if not any(value is each for each in accepted)
        ]
        assert not any(faults), "\n".join(filter(None, faults))
        assert communicator.stats().requests == requests


def options_of(function: Callable[..., Any]) -> list[str]:
    """Return the names of the keyword-only arguments."""
    parameters = inspect.signature(function).parameters.values()
    return [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]


NATIVE = [each for each in ARGUMENTS if each.is_native]
NATIVE_CALLS = [*{(each.owner, each.call): each for each in NATIVE}.values()]


@pytest.mark.parametrize("argument", NATIVE_CALLS, ids=lambda each: f"{each.owner}.{each.call}")
async def test_surplus_arguments_are_told_the_options(
    communicator: Communicator, argument: Argument
) -> None:
    function = called(argument, communicator, MAKERS[argument.owner](communicator)).func
    name = argument.owner if argument.call == "__new__" else f"{argument.owner}.{argument.call}"
    requests = communicator.stats().requests
    with pytest.raises(TypeError) as refused:
        function(*range(20))
    said = str(refused.value)
    assert re.match(
        rf"{re.escape(name)}\(\) takes [^;]* positional arguments?\b[^;]*, got 20", said
    )
    assert re.findall(r"(\w+)=", said) == options_of(function)
    assert communicator.stats().requests == requests


@pytest.mark.parametrize("argument", [each for each in NATIVE if each.is_optional], ids=str)
async def test_a_misspelt_keyword_is_recognised(
    communicator: Communicator, argument: Argument
) -> None:
    call: Any = called(argument, communicator, MAKERS[argument.owner](communicator))
    misspelt = f"{argument.name}s"
    requests = communicator.stats().requests
    meant = rf"unexpected keyword argument '{misspelt}'\. Did you mean '{argument.name}'\?"
    with pytest.raises(TypeError, match=meant):
        call(**{misspelt: RIGHT.get(argument.kind)})
    assert communicator.stats().requests == requests


async def test_what_is_meant_by_nothing_known_is_not_guessed(communicator: Communicator) -> None:
    use: Any = communicator.get
    said = r"^Communicator.get\(\) got an unexpected .* 'colour'; keyword-only: revision=, "
    with pytest.raises(TypeError, match=said):
        use("key", colour="red")

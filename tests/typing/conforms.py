"""Comparing a value with a declared type, and what its own properties hold with theirs."""

from __future__ import annotations

import asyncio
import collections.abc
import contextlib
import types
import typing
from collections.abc import Iterable
from typing import Any

import etcd_client
from etcd_client import _etcd_client
from tests.typing.declarations import Member, classes, type_aliases

# What annotations may name beside the package's own classes.
_NAMES: dict[str, Any] = {
    **vars(typing),
    **vars(collections.abc),
    **vars(contextlib),
    "asyncio": asyncio,
    **{name: value for name, value in vars(_etcd_client).items() if not name.startswith("_")},
    **{name: getattr(etcd_client, name) for name in etcd_client.__all__},
}

# Exactly these: a bool passes for an int, and must not where an int is declared.
_EXACT = (bool, bytes, float, int, str)


def declared_type(member: Member) -> Any:
    """The annotation of a member's result as an object."""
    variables = dict.fromkeys(("_D", "_T", "_T_co", "_V"), Any)
    own = {"Self": _NAMES.get(member.owner), **variables} | dict.fromkeys(type_aliases(), Any)
    return eval(member.returns, _NAMES, own)  # noqa: S307 - the package's own source


def check(value: object, declared: Any, where: str) -> None:
    """Fail unless a value is of the declared type, through and through."""
    origin = typing.get_origin(declared) or declared
    if declared is Any or isinstance(declared, typing.TypeVar):
        return
    if origin in (types.UnionType, typing.Union):
        _check_union(value, typing.get_args(declared), where)
        return
    expected = type(None) if declared in (None, typing.NoReturn) else origin
    matches = type(value) is expected if expected in _EXACT else isinstance(value, expected)
    assert matches, f"{where}: declared {declared}, got {type(value).__name__}: {value!r}"
    if expected in (list, tuple):
        _check_items(typing.cast("Iterable[object]", value), declared, where)
    check_properties(value, where)


def check_properties(value: object, where: str) -> None:
    """Fail unless all that a value of the package holds is of its declared types."""
    for ancestor in type(value).__mro__:
        known = classes().get(ancestor.__name__)
        if known is None or not ancestor.__module__.startswith("etcd_client"):
            continue
        for member in known.properties:
            held = getattr(value, member.name)
            check(held, declared_type(member), f"{where}.{member.name}")


def _check_union(value: object, choices: tuple[Any, ...], where: str) -> None:
    complaints = [complaint(value, choice, where) for choice in choices]
    assert "" in complaints, "\n".join(complaints)


def complaint(value: object, declared: Any, where: str) -> str:
    """Return what is wrong with a value, or an empty text."""
    try:
        check(value, declared, where)
    except AssertionError as error:
        return str(error)
    return ""


def _check_items(items: Iterable[object], declared: Any, where: str) -> None:
    arguments = typing.get_args(declared)
    values = list(items)
    if not arguments:
        return
    if typing.get_origin(declared) is tuple and arguments[-1:] != (...,):
        assert len(values) == len(arguments), f"{where}: declared {declared}, got {values!r}"
    else:
        arguments = (arguments[0],) * len(values)
    for number, (item, expected) in enumerate(zip(values, arguments, strict=True)):
        check(item, expected, f"{where}[{number}]")

"""The enumerations: the values of the wire, and how members print."""

import copy
import pickle
from enum import Enum
from typing import Any

import pytest

import etcd_client
from etcd_client import enums

# As in etcd's rpc.proto and auth.proto, and in gRPC's list of codes.
WIRE = {
    "AlarmAction": {"GET": 0, "ACTIVATE": 1, "DEACTIVATE": 2},
    "AlarmType": {"NONE": 0, "NOSPACE": 1, "CORRUPT": 2},
    "CompareOp": {"EQUAL": 0, "GREATER": 1, "LESS": 2, "NOT_EQUAL": 3},
    "DowngradeAction": {"VALIDATE": 0, "ENABLE": 1, "CANCEL": 2},
    "GRPCStatusCode": {
        "Ok": 0,
        "Cancelled": 1,
        "Unknown": 2,
        "InvalidArgument": 3,
        "DeadlineExceeded": 4,
        "NotFound": 5,
        "AlreadyExists": 6,
        "PermissionDenied": 7,
        "ResourceExhausted": 8,
        "FailedPrecondition": 9,
        "Aborted": 10,
        "OutOfRange": 11,
        "Unimplemented": 12,
        "Internal": 13,
        "Unavailable": 14,
        "DataLoss": 15,
        "Unauthenticated": 16,
    },
    # Not on the wire: as in etcd's Go client.
    "Isolation": {
        "SERIALIZABLE_SNAPSHOT": 0,
        "SERIALIZABLE": 1,
        "REPEATABLE_READS": 2,
        "READ_COMMITTED": 3,
    },
    "PermissionType": {"READ": 0, "WRITE": 1, "READWRITE": 2},
    "SortOrder": {"NONE": 0, "ASCEND": 1, "DESCEND": 2},
    "SortTarget": {"KEY": 0, "VERSION": 1, "CREATE": 2, "MOD": 3, "VALUE": 4},
    "WatchEventType": {"PUT": 0, "DELETE": 1},
    "WatchFilterType": {"NOPUT": 0, "NODELETE": 1},
}

ENUMS: list[type[Enum]] = [vars(enums)[name] for name in enums.__all__]


def test_all_is_sorted_complete_and_on_the_package() -> None:
    assert enums.__all__ == sorted(WIRE)
    for name in enums.__all__:
        assert getattr(etcd_client, name) is vars(enums)[name]


@pytest.mark.parametrize("kind", ENUMS)
def test_values_are_those_of_the_wire(kind: type[Enum]) -> None:
    assert {member.name: member.value for member in kind} == WIRE[kind.__name__]


@pytest.mark.parametrize("member", [member for kind in ENUMS for member in kind], ids=repr)
def test_members_print_as_they_are_written(member: Enum) -> None:
    written = f"{type(member).__name__}.{member.name}"
    assert repr(member) == written
    assert str(member) == written
    assert f"{member}" == written
    assert f"{member:>40}" == written.rjust(40)


@pytest.mark.parametrize("member", [member for kind in ENUMS for member in kind], ids=repr)
def test_members_stay_themselves(member: Any) -> None:
    assert pickle.loads(pickle.dumps(member)) is member  # noqa: S301 - made above
    assert copy.deepcopy(member) is member
    assert type(member)(member.value) is member


def test_status_codes_are_numbers() -> None:
    code: int = enums.GRPCStatusCode.Unavailable
    assert code == 14
    assert {"code": 14}["code"] == enums.GRPCStatusCode.Unavailable
    assert enums.GRPCStatusCode.Ok < enums.GRPCStatusCode.Unknown


@pytest.mark.parametrize("kind", [kind for kind in ENUMS if kind is not enums.GRPCStatusCode])
def test_other_members_are_not_numbers(kind: type[Enum]) -> None:
    """So that a member of the wrong enumeration does not pass for the right one."""
    assert all(member != member.value for member in kind)

"""Transactions, their conditions and what they return."""

from __future__ import annotations

from typing import Any

import pytest

from etcd_client.compat import etcd3
from etcd_client.compat.etcd3 import etcdrpc, transactions


def holds(client: etcd3.Etcd3Client, *compare: transactions.BaseCompare) -> bool:
    """Tell whether conditions hold."""
    return client.transaction(compare)[0]


def test_conditions(client: etcd3.Etcd3Client) -> None:
    make = client.transactions
    revision = client.put("a", "m").header.revision
    for compared, value in (
        (make.value("a"), "m"),
        (make.version("a"), 1),
        (make.create("a"), revision),
        (make.mod("a"), str(revision)),
    ):
        assert holds(client, compared == value)
        assert not holds(client, compared != value)
        assert not holds(client, compared < value)
        assert not holds(client, compared > value)
    assert holds(client, make.value("a") < "n", make.value("a") > "l", make.version("b") == 0)


def test_conditions_on_ranges(client: etcd3.Etcd3Client) -> None:
    client.put("a/1", "x")
    client.put("a/2", "y")
    make = client.transactions
    assert not holds(client, make.value("a/", etcd3.utils.prefix_range_end(b"a/")) == "x")
    assert holds(client, make.value("a/", "a/2") == "x")


def test_one_object_makes_several_conditions(client: etcd3.Etcd3Client) -> None:
    """In python-etcd3 all of them were the last one."""
    client.put("a", "1")
    version = client.transactions.version("a")
    assert not holds(client, version == 7, version > 0)


def test_what_operations_return(client: etcd3.Etcd3Client) -> None:
    make = client.transactions
    client.put("a", "1")
    client.put("b", "1")
    succeeded, (read, put, deleted, inner) = client.transaction(
        compare=[make.version("a") > 0],
        success=[
            make.get("a", "c"),
            make.put("c", "2", prev_kv=True),
            make.delete("b", prev_kv=True),
            make.txn([make.version("a") == 0], [], [make.get("c"), make.put("d", "4")]),
        ],
        failure=[],
    )
    assert succeeded is True
    assert [(value, metadata.key) for value, metadata in read] == [(b"1", b"a"), (b"1", b"b")]
    assert read[0][1].response_header.revision == put.response_put.header.revision
    assert put.WhichOneof("response") == "response_put"
    assert put.response_put.prev_kv.value == b""
    assert deleted.response_delete_range.deleted == 1
    assert deleted.response_delete_range.prev_kvs[0].key == b"b"
    assert inner.response_txn.succeeded is False
    assert inner.response_txn.responses[0].response_range.kvs[0].value == b"2"
    assert inner.response_txn.responses[1].WhichOneof("response") == "response_put"


def test_branches_may_be_left_out(client: etcd3.Etcd3Client) -> None:
    """That was a `TypeError`, although they have a default."""
    client.transaction([], [client.transactions.put("a", "1")])
    assert client.transaction([client.transactions.version("a") == 0]) == (False, [])


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.transaction(["no condition"]),
        lambda client: client.transaction([client.transactions.version("a")]),
        lambda client: client.transaction([], ["no operation"]),
        lambda client: client.transaction([], 0),
        lambda client: client.transaction([], 7),
        lambda client: client.transaction([client.transactions.version("a") == "x"]),
        lambda client: client.transaction([client.transactions.value("a") == 5]),
        lambda client: bool(client.transactions.version("a") == 5),
    ],
)
def test_wrong_arguments(client: etcd3.Etcd3Client, call: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        call(client)


def test_constants() -> None:
    make = etcd3.Transactions()
    operators = etcdrpc.Compare
    assert (make.version("a") == 1).op == operators.EQUAL
    assert (make.version("a") != 1).op == operators.NOT_EQUAL
    assert (make.version("a") < 1).op == operators.LESS
    assert (make.version("a") > 1).op == operators.GREATER
    assert repr(make.version("a") > 1) == "Version('a') > 1"
    assert repr(make.value("a", "b")) == "Value('a', 'b')"
    assert isinstance(make.put("a", "b"), etcd3.transactions.Put)

"""Reading and writing keys."""

from __future__ import annotations

from typing import Any

import pytest

from etcd_client import RangeResponse
from etcd_client.compat import etcd3


def keys(found: Any) -> list[bytes]:
    """Return the keys of what a call found."""
    return [metadata.key for _, metadata in found]


def test_a_key_that_does_not_exist(client: etcd3.Etcd3Client) -> None:
    assert client.get("missing") == (None, None)
    assert client.get_response("missing").header.revision > 0
    assert client.delete("missing") is False
    assert client.delete("missing", return_response=True).deleted == 0


def test_a_value_and_its_metadata(client: etcd3.Etcd3Client) -> None:
    lease = client.lease(60)
    revision = client.put("a", "1", lease=lease).header.revision
    value, metadata = client.get("a")
    assert value == b"1"
    assert metadata is not None
    assert (metadata.key, metadata.version, metadata.lease_id) == (b"a", 1, lease.id)
    assert metadata.create_revision == metadata.mod_revision == revision
    assert metadata.response_header.revision == revision


def test_the_previous_value(client: etcd3.Etcd3Client) -> None:
    """It is empty, as in protobuf, where there was none."""
    assert client.put("a", "1", prev_kv=True).prev_kv.value == b""  # type: ignore[union-attr]
    assert client.put("a", "2", prev_kv=True).prev_kv.value == b"1"  # type: ignore[union-attr]
    assert client.delete("a", prev_kv=True, return_response=True).prev_kvs[0].value == b"2"


def test_text_and_bytes(client: etcd3.Etcd3Client) -> None:
    client.put("ä", bytearray(b"\x00\xff"))
    assert client.get("ä".encode())[0] == b"\x00\xff"
    client.put(memoryview(b"m"), "")
    assert client.get("m")[0] == b""


def test_ranges(client: etcd3.Etcd3Client) -> None:
    for key in ("a/1", "a/2", "b", "c"):
        client.put(key, key)
    assert keys(client.get_prefix("a/")) == [b"a/1", b"a/2"]
    assert keys(client.get_prefix("a/", sort_order="descend")) == [b"a/2", b"a/1"]
    assert keys(client.get_range("a/2", "c")) == [b"a/2", b"b"]
    assert keys(client.get_range("a/2", b"\0", sort_target="create", limit=1)) == [b"a/2"]
    assert keys(client.get_all()) == [b"a/1", b"a/2", b"b", b"c"]
    assert [value for value, _ in client.get_all(keys_only=True)] == [b""] * 4
    assert client.get_prefix_response("a/", count_only=True).count == 2
    assert client.get("a/1", range_end="c")[0] == b"b"


def test_calls_read_when_they_are_made(client: etcd3.Etcd3Client) -> None:
    """Not when their result is read, which may be in another state, or never."""
    client.put("a", "1")
    found = client.get_range("a", "b"), client.get_all(), client.get_prefix("a")
    client.put("a", "2")
    assert [value for each in found for value, _ in each] == [b"1"] * 3


@pytest.mark.parametrize("prefix", [b"ab\xff", b"\xff\xff"])
def test_a_prefix_that_ends_with_0xff(client: etcd3.Etcd3Client, prefix: bytes) -> None:
    """python-etcd3 read, watched and deleted keys beyond it."""
    for key in (prefix, prefix + b"1", b"ac", b"ac\xfe"):
        client.put(key, "")
    events, cancel = client.watch_prefix(prefix)
    assert keys(client.get_prefix(prefix)) == [prefix, prefix + b"1"]
    assert client.delete_prefix(prefix).deleted == 2
    assert [next(events).key for _ in range(2)] == [prefix, prefix + b"1"]
    assert keys(client.get_all()) == [b"ac", b"ac\xfe"]
    cancel()


def test_an_empty_prefix_means_all_keys(client: etcd3.Etcd3Client) -> None:
    client.put("a", "")
    client.put("\0", "")
    assert keys(client.get_prefix("")) == [b"\0", b"a"]
    events, cancel = client.watch_prefix("")
    assert client.delete_prefix("").deleted == 2
    assert [next(events).key for _ in range(2)] == [b"\0", b"a"]
    cancel()


def test_revisions_limit_what_is_read(client: etcd3.Etcd3Client) -> None:
    """Those of the creation, too, which python-etcd3 sent as those of the modification."""
    first = client.put("k/1", "").header.revision
    second = client.put("k/2", "").header.revision
    third = client.put("k/1", "").header.revision

    def read(**which: int) -> list[bytes]:
        response: RangeResponse = client.get_prefix_response("k/", **which)  # type: ignore[arg-type]
        return [kv.key for kv in response.kvs]

    assert read(revision=first) == [b"k/1"]
    assert read(min_mod_revision=third) == [b"k/1"]
    assert read(max_mod_revision=second) == [b"k/2"]
    assert read(min_create_revision=second) == [b"k/2"]
    assert read(max_create_revision=first) == [b"k/1"]
    assert client.get("k/1", max_mod_revision=first) == (None, None)


def test_conditional_writes(client: etcd3.Etcd3Client) -> None:
    lease = client.lease(60)
    assert client.put_if_not_exists("a", "1", lease=lease) is True
    assert client.put_if_not_exists("a", "2") is False
    assert lease.keys == [b"a"]
    assert client.replace("a", "2", "3") is False
    assert client.replace("a", b"1", "3") is True
    assert client.get("a")[0] == b"3"


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda client: client.put("a", 5), TypeError),
        (lambda client: client.put(None, "a"), TypeError),
        (lambda client: client.put("a", "b", lease=object()), TypeError),
        (lambda client: client.put("a", "b", lease="no number"), ValueError),
        (lambda client: client.get("a", sort_order="up"), ValueError),
        (lambda client: client.get("a", sort_target="size"), ValueError),
        (lambda client: client.get("a", limit=-1), ValueError),
        (lambda client: client.get("a", unknown=1), TypeError),
        (lambda client: client.get_range("a", ""), ValueError),
        (lambda client: client.get_prefix("a", range_end="b"), TypeError),
        (lambda client: client.get_prefix("a", key="b"), TypeError),
        (lambda client: client.get_prefix(5), TypeError),
        (lambda client: client.watch_prefix(5), TypeError),
        (lambda client: client.watch("a", filters=[7]), ValueError),
        (lambda client: client.watch("a", start_revision="1"), TypeError),
        (lambda client: client.watch_once("a", timeout=-1), ValueError),
        (lambda client: client.watch_once("a", timeout="1"), TypeError),
        (lambda client: client.add_watch_callback("a", None), TypeError),
        (lambda client: client.lease("ten"), TypeError),
        (lambda client: client.lock(5), TypeError),
        (lambda client: client.list_alarms(alarm_type="fire"), ValueError),
        (lambda client: client.get(""), etcd3.exceptions.RpcError),
    ],
)
def test_wrong_arguments(client: etcd3.Etcd3Client, call: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        call(client)
    assert client.get_all_response().count == 0

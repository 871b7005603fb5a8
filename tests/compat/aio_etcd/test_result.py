"""`EtcdResult` as a class of its own, which programs make in their tests."""

import pickle

from etcd_client.compat.aio_etcd import EtcdResult

FILE = {"key": "/a", "value": "1", "modifiedIndex": 3, "createdIndex": 2}
DIRECTORY = {
    "key": "/d",
    "dir": True,
    "nodes": [{"key": "/d/x", "value": "1"}, {"key": "/d/y", "dir": True, "nodes": []}],
}


def test_it_is_made_of_a_node() -> None:
    result = EtcdResult("set", FILE, {**FILE, "value": "0"})
    assert (result.key, result.value, result.modifiedIndex, result.createdIndex) == (
        "/a",
        "1",
        3,
        2,
    )
    assert (result.ttl, result.expiration, result.newKey, result.dir) == (None, None, False, False)
    assert result.prev is not None
    assert result.prev.value == "0"
    assert EtcdResult("get", node=FILE).prev is None


def test_a_deleted_directory_is_one() -> None:
    assert EtcdResult("delete", {"key": "/d"}, {"key": "/d", "dir": True}).dir


def test_its_children() -> None:
    result = EtcdResult("get", DIRECTORY)
    assert [child.key for child in result.leaves] == ["/d/x", "/d/y"]
    assert [child.key for child in result.children] == ["/d/x", "/d/y"]
    assert [child.key for child in result.get_subtree()] == ["/d", "/d/x", "/d/y"]


def test_it_equals_what_has_the_same_node() -> None:
    assert EtcdResult("get", FILE) == EtcdResult("set", FILE)
    assert EtcdResult("get", FILE) != EtcdResult("get", {**FILE, "value": "2"})
    assert EtcdResult("get", FILE) != "1"
    assert pickle.loads(pickle.dumps(EtcdResult("get", FILE))) == EtcdResult("get", FILE)  # noqa: S301 - our own
    assert "'/a'" in repr(EtcdResult("get", FILE))

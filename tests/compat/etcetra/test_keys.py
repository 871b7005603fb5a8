"""Reading and writing keys."""

from __future__ import annotations

import pytest

from etcd_client.compat.etcetra import (
    EtcdClient,
    EtcdCommunicator,
    RangeRequestSortOrder,
    RangeRequestSortTarget,
)
from etcd_client.compat.etcetra.errors import (
    EtcdInvalidArgumentError,
    EtcdNotFoundError,
    EtcdOutOfRangeError,
)

TREE = {
    "/foo": "root",
    "/foo/1": "one",
    "/foo/2": "two",
    "/foo/2/3": "three",
    "/foobar": "a sibling",
    "/fop": "another",
}


@pytest.fixture
async def tree(connected: EtcdCommunicator) -> EtcdCommunicator:
    """Return a connection to a server that has `TREE`."""
    for key, value in TREE.items():
        assert await connected.put(key, value) is None
    return connected


async def revision(communicator: EtcdCommunicator) -> int:
    """Return the revision of the store."""
    return (await communicator.channel.range("x")).header.revision


async def test_a_missing_key_has_no_value(connected: EtcdCommunicator) -> None:
    assert await connected.get("missing") is None
    assert await connected.get_prefix("missing") == {}
    assert await connected.keys_prefix("missing") == []


async def test_a_prefix_that_ends_with_a_slash_has_no_siblings(tree: EtcdCommunicator) -> None:
    """The end of the prefix /foo/ was /fop/, so that /foobar was read, and deleted."""
    below = {key: value for key, value in TREE.items() if key.startswith("/foo/")}
    assert await tree.get_prefix("/foo/") == below
    assert await tree.keys_prefix("/foo/") == list(below)
    assert await tree.delete_prefix("/foo/") is None
    assert await tree.keys_prefix("/") == ["/foo", "/foobar", "/fop"]


async def test_an_empty_prefix_means_all_keys(tree: EtcdCommunicator) -> None:
    """It was an IndexError."""
    assert await tree.get_prefix("") == TREE
    assert await tree.keys_prefix("") == list(TREE)
    assert await tree.delete_prefix("", prev_kv=True) == list(TREE.values())
    assert await tree.get_prefix("") == {}


async def test_a_prefix_may_end_with_the_greatest_byte(connected: EtcdCommunicator) -> None:
    """Its last byte plus 1 is no byte: it was a ValueError."""
    await connected.put("\xff1", "value", encoding="latin-1")
    await connected.put("\xfe", "other", encoding="latin-1")
    assert await connected.get_prefix("\xff", encoding="latin-1") == {"\xff1": "value"}


async def test_a_range_has_a_limit(tree: EtcdCommunicator) -> None:
    assert await tree.get_range("/foo/1", "/foo/2/3") == {"/foo/1": "one", "/foo/2": "two"}
    assert await tree.get_range("/foo/1", "/fop", 1) == {"/foo/1": "one"}
    assert await tree.keys_range("/foo/1", "/foobar") == ["/foo/1", "/foo/2", "/foo/2/3"]
    assert await tree.keys_range("/foo", "/fop", limit=1, serializable=True) == ["/foo"]


async def test_keys_are_sorted_as_asked(tree: EtcdCommunicator) -> None:
    order, target = RangeRequestSortOrder.DESCEND, RangeRequestSortTarget.VALUE
    found = await tree.get_prefix("/foo/", sort_order=order, sort_target=target)
    assert list(found.items()) == [("/foo/2", "two"), ("/foo/2/3", "three"), ("/foo/1", "one")]
    target = RangeRequestSortTarget.CREATE
    latest_first = ["/foo/2/3", "/foo/2", "/foo/1"]
    keys = await tree.keys_prefix("/foo/", sort_order=order, sort_target=target)
    assert keys == latest_first
    keys = await tree.keys_range("/foo/", "/foo0", sort_order=order, sort_target=target)
    assert keys == latest_first
    pairs = await tree.get_range("/foo/", "/foo0", sort_order=order, sort_target=target)
    assert list(pairs) == latest_first


async def test_the_past_can_be_read(connected: EtcdCommunicator) -> None:
    await connected.put("key", "old")
    before = await revision(connected)
    await connected.put("key", "new")
    assert await connected.get("key", revision=before) == "old"
    assert await connected.get("key", max_mod_revision=before) is None
    assert await connected.get("key", min_mod_revision=before + 1) == "new"
    assert await connected.get("key", min_mod_revision=before + 2) is None
    assert await connected.get("key", max_create_revision=before) == "new"
    assert await connected.get("key", min_create_revision=before + 1) is None
    assert await connected.get_prefix("k", None, None, None, None, before) == {"key": "old"}
    assert await connected.get_range("k", "l", revision=before) == {"key": "old"}
    assert await connected.keys_prefix("k", min_create_revision=before + 1) == []
    assert await connected.keys_range("k", "l", max_mod_revision=before) == []
    await connected.channel.compact(before + 1)
    with pytest.raises(EtcdOutOfRangeError, match="compacted"):
        await connected.get("key", revision=before)
    with pytest.raises(EtcdOutOfRangeError, match="future"):
        await connected.get_prefix("", revision=before + 100)


async def test_previous_values_are_told(tree: EtcdCommunicator) -> None:
    """`prev_kv` was not sent: the results were "", None and []."""
    assert await tree.put("/foo", "new", prev_kv=True) == "root"
    assert await tree.put("/new", "first", prev_kv=True) is None
    assert await tree.delete("/foo", prev_kv=True) == "new"
    assert await tree.delete("/foo", prev_kv=True) is None
    assert await tree.delete("/new") is None
    assert await tree.delete_range("/foo/1", "/foo/2/3", prev_kv=True) == ["one", "two"]
    assert await tree.delete_range("/fop", "/fop0") is None
    assert await tree.delete_prefix("/foo", True) == ["three", "a sibling"]
    assert await tree.delete_prefix("/foo", prev_kv=True) == []


async def test_a_put_of_none_keeps_the_value(connected: EtcdCommunicator) -> None:
    lease = await connected.grant_lease(60)
    await connected.put("key", "value")
    await connected.put("key", None, lease)
    assert await connected.get("key") == "value"
    await connected.revoke_lease(lease)
    assert await connected.get("key") is None
    with pytest.raises(EtcdInvalidArgumentError):
        await connected.put("key", None)


async def test_a_key_goes_with_its_lease(connected: EtcdCommunicator) -> None:
    with pytest.raises(EtcdNotFoundError, match="lease"):
        await connected.put("key", "value", lease=4711)
    assert await connected.get("key") is None


async def test_values_of_no_characters(connected: EtcdCommunicator) -> None:
    await connected.put("key", "")
    assert await connected.get("key") == ""
    assert await connected.put("key", "\0", prev_kv=True) == ""
    assert await connected.get("key") == "\0"


async def test_the_encoding_of_the_client_is_used(etcetra: EtcdClient) -> None:
    """It was not passed on: everything was UTF-8."""
    latin = EtcdClient(etcetra.addr, secure=etcetra.secure, encoding="latin-1")
    async with latin.connect() as communicator:
        await communicator.put("ä", "ö")
        assert await communicator.channel.get(b"\xe4") == b"\xf6"
        assert await communicator.get("ä") == "ö"
        assert await communicator.get("Ã¤", encoding="latin-1") is None
        await communicator.put("ä", "ü", encoding="utf-8")
        assert await communicator.get_prefix("ä", encoding="utf-8") == {"ä": "ü"}
        assert await communicator.delete("ä", True, encoding="latin-1") == "ö"
    async with latin.with_lock("schloß") as communicator:
        assert len(await communicator.channel.get_prefix("schloß".encode("latin-1"))) == 1


async def test_values_that_are_no_text_are_told_of(connected: EtcdCommunicator) -> None:
    await connected.channel.put("key", b"\xff")
    with pytest.raises(UnicodeDecodeError):
        await connected.get("key")
    assert await connected.get("key", encoding="latin-1") == "\xff"


@pytest.mark.parametrize("wrong", [b"key", 5, None, ["key"]])
async def test_keys_and_values_are_text(connected: EtcdCommunicator, wrong: str) -> None:
    for call in (
        connected.get(wrong),
        connected.get_prefix(wrong),
        connected.keys_prefix(wrong),
        connected.delete(wrong),
        connected.delete_prefix(wrong),
        connected.put(wrong, "value"),
    ):
        with pytest.raises(TypeError, match="key: expected str, got"):
            await call
    with pytest.raises(TypeError, match="range_end: expected str, got"):
        await connected.get_range("a", wrong)
    if wrong is not None:
        with pytest.raises(TypeError, match="value: expected str, got"):
            await connected.put("key", wrong)
    assert await connected.keys_prefix("") == []


async def test_wrong_arguments_are_refused(connected: EtcdCommunicator) -> None:
    with pytest.raises(EtcdInvalidArgumentError, match="key"):
        await connected.put("", "value")
    with pytest.raises(EtcdInvalidArgumentError, match="range_end"):
        await connected.get_range("a", "")
    with pytest.raises(EtcdInvalidArgumentError, match=r"value: .*surrogates"):
        await connected.put("key", "\ud800")
    with pytest.raises(EtcdInvalidArgumentError, match="unknown encoding"):
        await connected.get("key", encoding="nonesuch")
    with pytest.raises(TypeError, match="revision"):
        await connected.get("key", revision="5")  # type: ignore[arg-type]
    with pytest.raises(EtcdInvalidArgumentError, match="too large"):
        await connected.put("key", "x" * 2_000_000)
    assert await connected.keys_prefix("") == []

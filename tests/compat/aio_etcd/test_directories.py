"""Directories: made on purpose or with what is in them, listed, deleted."""

import asyncio

import pytest

import etcd_client.compat.aio_etcd as etcd
from etcd_client import Communicator


def keys(results: object) -> list[str]:
    return [result.key for result in results]  # type: ignore[attr-defined]


async def test_directories_are_made_with_what_is_in_them(
    v2: etcd.Client, communicator: Communicator
) -> None:
    await v2.set("/a/b/c", "1")
    assert await communicator.get_prefix("") == [
        (b"/", b""),
        (b"/a/", b""),
        (b"/a/b/", b""),
        (b"/a/b/c", b"1"),
    ]
    await v2.delete("/a/b/c")
    empty = await v2.get("/a/b")
    assert (empty.dir, empty.value, keys(empty.children)) == (True, None, ["/a/b"])


async def test_a_directory_is_made_once(v2: etcd.Client) -> None:
    made = await v2.write("/d", None, dir=True)
    assert (made.action, made.dir, made.value, made.newKey) == ("set", True, None, True)
    with pytest.raises(etcd.EtcdNotFile):
        await v2.write("/d", None, dir=True)
    with pytest.raises(etcd.EtcdAlreadyExist):
        await v2.write("/d", None, dir=True, prevExist=False)
    assert (await v2.write("/e/f", None, dir=True, prevExist=False)).action == "create"
    await v2.set("/file", "1")
    with pytest.raises(etcd.EtcdAlreadyExist):
        await v2.write("/file", None, dir=True, prevExist=False)
    replaced = await v2.write("/file", None, dir=True)
    assert replaced.prev is not None
    assert (replaced.prev.value, (await v2.get("/file")).dir) == ("1", True)


async def test_listings(v2: etcd.Client) -> None:
    for name in ("/n/b/deep", "/n/a", "/n/b-c", "/n/c/d/e"):
        await v2.set(name, name)
    await v2.write("/n/empty", None, dir=True)
    flat = await v2.get("/n")
    assert keys(flat.children) == ["/n/a", "/n/b", "/n/b-c", "/n/c", "/n/empty"]
    assert [child.dir for child in flat.children] == [False, True, False, True, True]
    deep = await v2.read("/n", recursive=True, sorted=True, quorum=True)
    leaves = ["/n/a", "/n/b/deep", "/n/b-c", "/n/c/d/e", "/n/empty"]
    assert keys(deep.leaves) == leaves
    assert keys(deep.get_subtree()) == [
        *["/n", "/n/a", "/n/b", "/n/b/deep", "/n/b-c"],
        *["/n/c", "/n/c/d", "/n/c/d/e", "/n/empty"],
    ]
    assert keys((await v2.get("/n/a")).leaves) == ["/n/a"]
    assert keys((await v2.read("/", recursive=True)).leaves) == leaves
    assert (await v2.get("/")).key == "/"


async def test_an_empty_store_has_a_root(v2: etcd.Client) -> None:
    root = await v2.read("/", recursive=True)
    assert (root.key, root.dir, keys(root.children)) == ("/", True, ["/"])


async def test_hidden_keys_are_not_listed(v2: etcd.Client) -> None:
    await v2.set("/n/_hidden/x", "1")
    await v2.set("/n/shown", "1")
    await v2.set("/n/sub/_hidden", "1")
    assert keys((await v2.get("/n")).children) == ["/n/shown", "/n/sub"]
    assert keys((await v2.read("/n", recursive=True)).leaves) == ["/n/shown", "/n/sub"]
    assert (await v2.get("/n/_hidden/x")).value == "1"
    assert keys((await v2.get("/n/_hidden")).children) == ["/n/_hidden/x"]
    with pytest.raises(etcd.EtcdDirNotEmpty):
        await v2.delete("/n/sub", dir=True)


async def test_a_thousand_keys(v2: etcd.Client) -> None:
    names = [f"/many/{number:04}" for number in range(1000)]
    await asyncio.gather(*(v2.set(name, "x" * 100, ttl=60) for name in names))
    listed = list((await v2.get("/many")).children)
    assert keys(listed) == names
    assert {result.ttl in range(30, 61) for result in listed} == {True}
    deleted = await v2.delete("/many", recursive=True)
    assert (deleted.key, deleted.dir) == ("/many", True)
    assert not await v2.contains("/many")


async def test_deleting_directories(v2: etcd.Client) -> None:
    await v2.set("/d/e/f", "1")
    await v2.set("/d-neighbour", "1")
    await v2.set("/d.neighbour/x", "1")
    deleted = await v2.delete("/d", recursive=True)
    assert deleted.prev is not None
    assert (deleted.action, deleted.prev.dir) == ("delete", True)
    assert not await v2.contains("/d")
    assert await v2.contains("/d-neighbour")
    assert await v2.contains("/d.neighbour/x")
    await v2.write("/d", None, dir=True)
    assert (await v2.delete("/d", dir=True)).dir
    await v2.set("/file", "1")
    assert (await v2.delete("/file", recursive=True)).key == "/file"


async def test_what_comes_into_an_empty_directory_is_not_deleted_with_it(v2: etcd.Client) -> None:
    for turn in range(10):
        await v2.write(f"/d{turn}", None, dir=True)
        await asyncio.gather(
            v2.delete(f"/d{turn}", dir=True), v2.set(f"/d{turn}/x", "1"), return_exceptions=True
        )
        # It came first and the directory was not empty, or it made the directory again.
        assert (await v2.get(f"/d{turn}/x")).value == "1"


async def test_directories_of_other_programs(v2: etcd.Client, communicator: Communicator) -> None:
    """Keys that programs write through API v3 have no markers."""
    await communicator.put("/other/dir/key", "1")
    await communicator.put("other", "not below /")
    assert keys((await v2.get("/other")).children) == ["/other/dir"]
    assert keys((await v2.read("/", recursive=True)).leaves) == ["/other/dir/key"]
    with pytest.raises(etcd.EtcdNotFile):
        await v2.set("/other/dir", "1")
    with pytest.raises(etcd.EtcdKeyNotFound):
        await v2.get("/other/dir/no")
    assert (await v2.write("/other/dir/key", "2", prevValue="1")).value == "2"
    await v2.delete("/other/dir/key")
    assert (await v2.get("/other/dir")).dir
    await communicator.put("/both", "a file")
    await communicator.put("/both/key", "and a directory")
    assert (await v2.set("/both", "2", timeout=5)).value == "2"
    assert (await v2.get("/both")).value == "2"
    with pytest.raises(etcd.EtcdNotDir):
        await v2.set("/both/key", "2")
    assert not (await v2.delete("/both", recursive=True)).dir
    assert keys((await v2.get("/both")).leaves) == ["/both/key"]
    await communicator.put("/third/key", "1")
    await v2.delete("/third", recursive=True)
    assert not await v2.contains("/third")
    await communicator.put("/fourth/key", "1")
    assert (await v2.write("/fourth", "x", append=True)).key.startswith("/fourth/0")
    await communicator.put("/fifth/key", "1")
    assert (await v2.write("/fifth", None, dir=True, prevExist=True, ttl=60)).ttl == 60


async def test_sequential_keys_are_in_the_order_of_their_writes(
    v2: etcd.Client, communicator: Communicator
) -> None:
    """Fifty tasks of one client, and others that write and delete meanwhile."""
    made = await asyncio.gather(
        *(v2.write("/queue", number, append=True) for number in range(50)),
        *(v2.set(f"/queue/other{number}", number) for number in range(10)),
    )
    appended = sorted(made[:50], key=lambda result: result.modifiedIndex)
    names = keys(appended)
    assert names == sorted(set(names))
    assert {len(name.rpartition("/")[2]) for name in names} == {20}
    assert all(int(result.key.rpartition("/")[2]) <= result.createdIndex for result in appended)
    assert (await communicator.get(names[0])) == appended[0].value.encode()


async def test_the_name_of_a_sequential_key_is_never_used_again(v2: etcd.Client) -> None:
    names = []
    for _ in range(3):
        for _ in range(3):
            names.append((await v2.write("/queue", "x", append=True)).key)
            await v2.delete(names[-1])
        await v2.delete("/queue", dir=True)
    assert names == sorted(set(names))


async def test_sequential_keys_need_a_directory(v2: etcd.Client) -> None:
    await v2.set("/file", "1")
    with pytest.raises(etcd.EtcdNotDir):
        await v2.write("/file", "x", append=True)
    made = await v2.write("/", "top", append=True)
    assert made.action == "create"
    assert made.key.count("/") == 1
    assert (await v2.write("/dirs", None, dir=True, append=True)).dir
    taken = await v2.write("/queue", "x", append=True)
    following = f"/queue/{int(taken.key.rpartition('/')[2]) + 1:020}"
    await v2.set(following, "taken")
    assert (await v2.write("/queue", "y", append=True)).key > following
    assert (await v2.get(following)).value == "taken"

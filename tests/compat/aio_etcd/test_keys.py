"""Files: what writes, reads and deletes return and refuse."""

import asyncio
import logging

import pytest

import etcd_client.compat.aio_etcd as etcd
from etcd_client import Communicator

pytestmark = pytest.mark.filterwarnings("error")


async def refused(attempt: object, kind: type[etcd.EtcdException]) -> etcd.EtcdException:
    """Return the error of something that fails, and is of the given class alone."""
    with pytest.raises(kind) as raised:
        await attempt  # type: ignore[misc]
    assert type(raised.value) is kind
    return raised.value


async def test_results_say_what_was_done(v2: etcd.Client) -> None:
    created = await v2.set("/a", "1")
    assert (created.action, created.key, created.value, created.newKey) == ("set", "/a", "1", True)
    assert created.modifiedIndex == created.createdIndex == created.etcd_index
    assert created.prev is None
    changed = await v2.set("/a", "2")
    assert (changed.action, changed.newKey, changed.dir) == ("set", False, False)
    assert changed.createdIndex == created.createdIndex
    assert changed.prev is not None
    assert (changed.prev.value, changed.prev.modifiedIndex) == ("1", created.modifiedIndex)
    found = await v2.get("/a")
    assert (found.action, found.modifiedIndex) == ("get", changed.modifiedIndex)
    assert found.etcd_index >= changed.modifiedIndex
    made = await v2.write("/b", "1", prevExist=False)
    assert (made.action, made.newKey, made.prev) == ("create", True, None)
    assert (await v2.write("/b", "2", prevExist=True)).action == "update"
    swapped = await v2.write("/b", "3", prevValue="2")
    assert (swapped.action, swapped.createdIndex) == ("compareAndSwap", made.createdIndex)
    deleted = await v2.delete("/b")
    assert (deleted.action, deleted.key, deleted.value) == ("delete", "/b", None)
    assert deleted._prev_node.value == "3"  # noqa: SLF001 - what programs use there
    popped = await v2.pop("/a")
    assert (popped.key, popped.value) == ("/a", "2")


async def test_errors_have_codes_and_payloads(v2: etcd.Client) -> None:
    await v2.set("/dir/file", "1")
    missing = await refused(v2.get("/dir/no/deep"), etcd.EtcdKeyNotFound)
    assert isinstance(missing, etcd.EtcdKeyError)
    assert missing.payload is not None
    index = missing.payload["index"]
    assert missing.payload == {
        "errorCode": 100,
        "message": "Key not found",
        "cause": "/dir/no",
        "index": index,
        "status": 404,
    }
    assert str(missing) == "Key not found : /dir/no"
    below = await refused(v2.get("/dir/file/x"), etcd.EtcdNotDir)
    assert below.payload is not None
    assert (below.payload["errorCode"], below.payload["cause"]) == (104, "/dir/file")
    compared = await refused(v2.write("/dir/file", "3", prevValue="2"), etcd.EtcdCompareFailed)
    assert compared.payload is not None
    assert (compared.payload["errorCode"], compared.payload["cause"]) == (101, "[2 != 1]")
    with pytest.raises(etcd.EtcdDirNotEmpty):
        etcd.EtcdError.handle({"errorCode": 108, "message": "Directory not empty", "cause": "/d"})
    with pytest.raises(etcd.EtcdKeyNotFound):
        etcd.EtcdError.handle({"message": "nothing", "cause": "/d", "status": 404})


async def test_what_cannot_be_written(v2: etcd.Client) -> None:
    await v2.set("/dir/file", "1")
    await refused(v2.set("/dir", "1"), etcd.EtcdNotFile)
    await refused(v2.write("/dir", "1", prevExist=False), etcd.EtcdAlreadyExist)
    await refused(v2.write("/dir/file", "1", prevExist=False), etcd.EtcdAlreadyExist)
    await refused(v2.write("/dir", "1", prevExist=True), etcd.EtcdNotFile)
    await refused(v2.write("/dir", "1", prevIndex=1), etcd.EtcdNotFile)
    await refused(v2.set("/dir/file/x", "1"), etcd.EtcdNotDir)
    await refused(v2.set("/dir/file/x/y/z", "1"), etcd.EtcdNotDir)
    await refused(v2.write("/dir/file/x", "1", prevExist=False), etcd.EtcdNotDir)
    await refused(v2.write("/no", "1", prevExist=True), etcd.EtcdKeyNotFound)
    await refused(v2.write("/no/deep", "1", prevValue="0"), etcd.EtcdKeyNotFound)
    await refused(v2.set("/", "1"), etcd.EtcdRootReadOnly)
    await refused(v2.delete("/", recursive=True), etcd.EtcdRootReadOnly)
    assert not await v2.contains("/no")


async def test_what_cannot_be_deleted(v2: etcd.Client) -> None:
    made = await v2.set("/dir/file", "1")
    await refused(v2.delete("/dir"), etcd.EtcdNotFile)
    await refused(v2.delete("/dir", dir=True), etcd.EtcdDirNotEmpty)
    await refused(v2.delete("/dir", recursive=True, prevIndex=1), etcd.EtcdNotFile)
    await refused(v2.delete("/no"), etcd.EtcdKeyNotFound)
    await refused(v2.delete("/dir/file/x"), etcd.EtcdNotDir)
    await refused(v2.delete("/dir/file", prevValue="2"), etcd.EtcdCompareFailed)
    both = await refused(v2.delete("/dir/file", prevValue="2", prevIndex=1), etcd.EtcdCompareFailed)
    assert both.payload is not None
    assert both.payload["cause"] == f"[2 != 1] [1 != {made.modifiedIndex}]"
    deleted = await v2.delete("/dir/file", prevValue="1", prevIndex=made.modifiedIndex)
    assert deleted.action == "compareAndDelete"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"ttl": "soon"}, 202),
        ({"ttl": -1}, 202),
        ({"ttl": 1.5}, 202),
        ({"ttl": True}, 202),
        ({"prevIndex": "x"}, 203),
        ({"prevIndex": -1}, 203),
        ({"prevIndex": None}, 203),
        ({"prevExist": "maybe"}, 209),
        ({"prevExist": None}, 209),
        ({"prevValue": ""}, 201),
        ({"prevValue": None}, 201),
        ({"refresh": True}, 211),
    ],
)
async def test_bad_options_are_refused_as_by_the_server(
    v2: etcd.Client, options: dict[str, object], code: int
) -> None:
    error = await refused(v2.write("/a", "1", **options), etcd.EtcdValueError)  # type: ignore[arg-type]
    assert error.payload is not None
    assert error.payload["errorCode"] == code
    assert not await v2.contains("/a")


async def test_wrong_types_name_the_argument(v2: etcd.Client) -> None:
    with pytest.raises(TypeError, match="key: expected str, got bytes"):
        await v2.read(b"/a")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="value: expected one value, got list"):
        await v2.write("/a", [1, 2])
    with pytest.raises(TypeError, match="unexpected keyword argument 'prevvalue'"):
        await v2.write("/a", 1, prevvalue=2)
    with pytest.raises(TypeError, match="unexpected keyword argument 'waitindex'"):
        await v2.read("/a", waitindex=2)
    with pytest.raises(TypeError, match="timeout: expected a number of seconds"):
        await v2.read("/a", timeout="1")
    with pytest.raises(etcd.EtcdException, match="Cannot create a directory with a value"):
        await v2.write("/a", "1", dir=True)
    with pytest.raises(etcd.EtcdValueError, match="A TTL must be provided"):
        await v2.write("/a", None, refresh=True, prevExist=True)
    with pytest.raises(etcd.EtcdValueError, match="UTF-8"):
        await v2.set("/a", "\ud800")
    with pytest.raises(etcd.EtcdValueError, match="at most 60 parts"):
        await v2.set("/a" * 61, "1")
    assert await v2.set("/a" * 60, "1")


@pytest.mark.parametrize(
    "name", ["plain", "with space", "ünï/cødé/键", "a\x00b", "a%2Fb?c#d", "\x01\x7f", "-.~!", "é/-"]
)
async def test_names_and_values_of_any_text(v2: etcd.Client, name: str) -> None:
    for value in ("", "\x00", "ünï\x00cødé\n", " padded "):
        await v2.set(f"/names/{name}", value)
        found = await v2.get(f"/names/{name}")
        assert (found.key, found.value) == (f"/names/{name}", value)
    listed = await v2.read("/names", recursive=True)
    assert [leaf.key for leaf in listed.leaves] == [f"/names/{name}"]
    assert (await v2.delete(f"/names/{name}")).key == f"/names/{name}"


async def test_values_of_other_kinds(v2: etcd.Client, communicator: Communicator) -> None:
    for value, text in [(1, "1"), (1.5, "1.5"), (b"raw", "raw"), (None, ""), (True, "True")]:
        assert (await v2.set("/a", value)).value == text
    await communicator.put("/a", b"\xff\xfe")
    found = await v2.get("/a")
    await v2.update(found)
    assert await communicator.get("/a") == b"\xff\xfe"


@pytest.mark.parametrize("name", ["a/b", "/a/b/", "//a//b", "/a/./b", "/x/../a/b", "/../a/b"])
async def test_paths_are_cleaned_as_there(v2: etcd.Client, name: str) -> None:
    assert (await v2.set(name, "1")).key == "/a/b"
    assert (await v2.get(name)).value == "1"


async def test_fifty_tasks_swap_without_losing_one(v2: etcd.Client) -> None:
    await v2.set("/counter", 0)

    async def count() -> int:
        tries = 0
        while True:
            found = await v2.get("/counter")
            tries += 1
            try:
                await v2.test_and_set("/counter", int(found.value) + 1, found.value)
            except etcd.EtcdCompareFailed:
                continue
            return tries

    tries = await asyncio.gather(*(count() for _ in range(50)))
    assert (await v2.get("/counter")).value == "50"
    assert sum(tries) > 50


@pytest.mark.parametrize("is_made", [False, True])
async def test_files_and_directories_never_mix(v2: etcd.Client, *, is_made: bool) -> None:
    """One path is written as a file and as a directory at once: one of them is refused."""
    for turn in range(10):
        if is_made:
            await v2.write(f"/{turn}", None, dir=True)
        attempts = [
            v2.set(f"/{turn}/x/y", "below"),
            v2.set(f"/{turn}/x", "file"),
            v2.set(f"/{turn}/x/y/z", "deeper"),
        ]
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        done = [outcome for outcome in outcomes if isinstance(outcome, etcd.EtcdResult)]
        assert len(done) == 1
        kinds = (etcd.EtcdNotFile, etcd.EtcdNotDir)
        assert sum(isinstance(outcome, kinds) for outcome in outcomes) == 2


async def test_what_has_no_effect_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        client = etcd.Client(version_prefix="/etcd", username="me", ca_cert="authority.pem")
    told = [record.getMessage() for record in caplog.records]
    assert client.username is None
    assert [message.split(":")[0] for message in told] == [
        "version_prefix",
        "cert, ca_cert",
        "username, password",
    ]

"""Times to live of files and directories, and what watches see of them."""

import asyncio

import pytest

import etcd_client.compat.aio_etcd as etcd
from etcd_client import Communicator, LeaseNotFoundError, Txn, TxnOp
from etcd_client._deadline import Deadline
from etcd_client.compat.aio_etcd._leases import Grant
from tests.compat.aio_etcd.conftest import MakeClient
from tests.support.waiting import eventually_async


async def leases(communicator: Communicator) -> int:
    return len((await communicator.leases()).leases)


async def granted(communicator: Communicator, key: str) -> int:
    kv = await communicator.get_kv(key)
    assert kv is not None
    return (await communicator.lease_time_to_live(kv.lease)).granted_ttl if kv.lease else 0


async def test_files_expire(v2: etcd.Client) -> None:
    made = await v2.write("/d/a", "1", ttl=1)
    assert made.ttl in {1, 2}
    assert made.expiration is not None
    assert made.expiration.endswith("Z")
    seen = await v2.watch("/d/a", index=made.modifiedIndex + 1, timeout=30)
    assert (seen.action, seen.key, seen.value) == ("expire", "/d/a", None)
    assert seen.prev is not None
    assert seen.prev.value == "1"
    assert not await v2.contains("/d/a")
    assert (await v2.get("/d")).dir


async def test_no_ttl_is_too_short(v2: etcd.Client) -> None:
    """API v3 has no lease of 0 seconds; the server makes it as short as it can."""
    for ttl in (0, 1):
        assert (await v2.write("/a", "1", ttl=ttl)).ttl in {1, 2}


async def test_a_write_without_a_ttl_ends_it(v2: etcd.Client, communicator: Communicator) -> None:
    await v2.write("/a", "1", ttl=60)
    assert await granted(communicator, "/a") == 60
    await v2.set("/a", "2")
    assert (await v2.get("/a")).ttl is None
    await v2.write("/a", "2", ttl="60")  # type: ignore[arg-type]
    result = await v2.get("/a")
    await v2.update(result)
    assert (await v2.get("/a")).ttl is not None


async def test_a_refused_write_leaves_no_lease(v2: etcd.Client, communicator: Communicator) -> None:
    await v2.set("/a", "1")
    with pytest.raises(etcd.EtcdCompareFailed):
        await v2.write("/a", "2", ttl=60, prevValue="0")
    with pytest.raises(etcd.EtcdNotDir):
        await v2.write("/a/b", "2", ttl=60)
    with pytest.raises(etcd.EtcdNotDir):
        await v2.write("/a", "2", ttl=60, append=True)
    assert await leases(communicator) == 0


async def test_a_cancelled_write_leaves_no_lease_or_the_key(
    v2: etcd.Client, communicator: Communicator
) -> None:
    """Cancelled after any number of steps of the loop."""
    await v2.contains("/connected")
    for steps in range(0, 40, 3):
        task = asyncio.create_task(v2.write(f"/cancelled/{steps}", "1", ttl=60))
        for _ in range(steps):
            await asyncio.sleep(0.0002)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def all_are_used() -> bool:
        kvs = (await communicator.range("/cancelled/", prefix=True)).kvs
        return set((await communicator.leases()).leases) <= {kv.lease for kv in kvs}

    # A lease that is granted for nobody is revoked in the background. A cancelled transaction may
    # have been applied; then its lease goes, and the key with it.
    await eventually_async(all_are_used)


async def test_refreshing_the_same_ttl_writes_nothing(
    v2: etcd.Client, communicator: Communicator
) -> None:
    made = await v2.write("/a", "1", ttl=60)
    refreshed = await v2.refresh("/a", ttl=60)
    assert (refreshed.value, refreshed.ttl) == ("1", 60)
    assert refreshed.modifiedIndex == made.modifiedIndex
    assert await leases(communicator) == 1


async def test_watches_do_not_see_a_refresh(v2: etcd.Client, communicator: Communicator) -> None:
    made = await v2.write("/d/a", "1", ttl=60)
    refreshed = await v2.refresh("/d/a", ttl=90)
    assert (refreshed.action, refreshed.ttl) == ("update", 90)
    assert refreshed.modifiedIndex > made.modifiedIndex
    assert await granted(communicator, "/d/a") == 90
    last = await v2.write("/d/a", "1", ttl=120)
    for path, recursive in [("/d/a", False), ("/d", True), ("/", True)]:
        index = made.modifiedIndex + 1
        seen = await v2.watch(path, index=index, recursive=recursive, timeout=10)
        # Writing the same value with another TTL is no refresh.
        assert (seen.modifiedIndex, seen.action) == (last.modifiedIndex, "set")


async def test_what_cannot_be_refreshed(v2: etcd.Client, communicator: Communicator) -> None:
    with pytest.raises(etcd.EtcdKeyNotFound):
        await v2.refresh("/no", ttl=60)
    await v2.set("/a", "1")
    with pytest.raises(etcd.EtcdCompareFailed):
        await v2.refresh("/a", ttl=60, prevValue="2")
    with pytest.raises(etcd.EtcdValueError):
        await v2.refresh("/a", ttl=None)  # type: ignore[arg-type]
    assert await leases(communicator) == 0
    assert (await v2.refresh("/a", ttl=60, prevValue="1")).ttl == 60


async def test_a_directory_expires_with_all_that_is_in_it(v2: etcd.Client) -> None:
    made = await v2.write("/d", None, dir=True, ttl=5)
    await v2.set("/d/plain", "1")
    await v2.write("/d/longer", "1", ttl=100)
    await v2.write("/d/sub", "1", append=True)
    await v2.write("/d/sub/longer", "1", append=True, ttl=100)
    seen = await v2.watch("/d", index=made.modifiedIndex + 1, timeout=30)
    assert (seen.action, seen.key, seen.dir) == ("expire", "/d", True)
    assert not await v2.contains("/d")
    file = await v2.watch("/d/plain", index=seen.modifiedIndex, timeout=10)
    assert (file.action, file.key) == ("expire", "/d/plain")
    above = await v2.watch("/", index=seen.modifiedIndex, recursive=True, timeout=10)
    assert (above.action, above.key) == ("expire", "/d")


async def test_a_file_may_end_before_its_directory(v2: etcd.Client) -> None:
    await v2.write("/d", None, dir=True, ttl=60)
    made = await v2.write("/d/short", "1", ttl=2)
    seen = await v2.watch("/d/short", index=made.modifiedIndex + 1, timeout=30)
    assert seen.action == "expire"
    assert (await v2.get("/d")).ttl in range(20, 61)


@pytest.mark.parametrize("files", [3, 130])
async def test_a_directory_gets_another_ttl(
    v2: etcd.Client, communicator: Communicator, files: int
) -> None:
    made = await v2.write("/d", None, dir=True, ttl=60)
    await asyncio.gather(*(v2.set(f"/d/sub{number % 2}/{number}", "1") for number in range(files)))
    own = await v2.write("/d/own", "1", ttl=30)
    changed = await v2.write("/d", None, dir=True, ttl=90, prevExist=True)
    assert (changed.action, changed.ttl, changed.dir) == ("update", 90, True)
    for key in ("/d/", "/d/sub0/", "/d/sub0/0", f"/d/sub{(files - 1) % 2}/{files - 1}"):
        assert await granted(communicator, key) == 90
    assert await granted(communicator, "/d/own") == 30
    seen = await v2.watch("/d", index=own.modifiedIndex + 1, recursive=True, timeout=10)
    assert (seen.action, seen.key, seen.dir) == ("update", "/d", True)
    found = await v2.get("/d")
    found.ttl = 120
    assert (await v2.update(found)).ttl == 120
    found.ttl = None
    assert (await v2.update(found)).ttl is None
    assert await granted(communicator, "/d/sub0/0") == 0
    assert (await v2.get("/d")).createdIndex == made.createdIndex


async def test_a_directory_can_be_refreshed(v2: etcd.Client, communicator: Communicator) -> None:
    made = await v2.write("/d", None, dir=True, ttl=60)
    await v2.set("/d/a", "1")
    refreshed = await v2.refresh("/d", ttl=60, dir=True)
    assert (refreshed.dir, refreshed.modifiedIndex) == (True, made.modifiedIndex)
    assert (await v2.refresh("/d", ttl=90, dir=True)).ttl == 90
    assert await granted(communicator, "/d/a") == 90
    await v2.set("/d/a", "2")
    for path in ("/d", "/"):
        index = made.modifiedIndex + 2
        seen = await v2.watch(path, index=index, recursive=True, timeout=10)
        assert (seen.action, seen.key, seen.value) == ("set", "/d/a", "2")


async def test_a_ttl_under_writes_from_all_sides(
    make_client: MakeClient, communicator: Communicator
) -> None:
    """While a directory gets another lease again and again, no file stays on an old one."""
    one, other = make_client(), make_client()
    await one.write("/d", None, dir=True, ttl=1000)

    async def change() -> None:
        for ttl in range(1001, 1011):
            await one.write("/d", None, dir=True, ttl=ttl, prevExist=True)

    async def fill(name: str) -> None:
        for number in range(30):
            await other.set(f"/d/{name}{number}", "1")

    await asyncio.gather(change(), *(fill(name) for name in "abcdef"))
    kvs = (await communicator.range("/d/", prefix=True)).kvs
    assert {await granted(communicator, kv.key.decode()) for kv in kvs} == {1010}
    assert len({kv.lease for kv in kvs}) == 1
    assert len(kvs) == 181


async def test_a_lost_lease_takes_the_key(v2: etcd.Client, communicator: Communicator) -> None:
    await v2.write("/a", "1", ttl=60)
    kv = await communicator.get_kv("/a")
    assert kv is not None
    await communicator.lease_revoke(kv.lease)
    with pytest.raises(etcd.EtcdKeyNotFound):
        await v2.refresh("/a", ttl=60)


async def test_a_lease_that_is_lost_before_it_is_used(communicator: Communicator) -> None:
    """One of its own is granted again; one that others keep alive is an error."""
    deadline = Deadline(10, "write")
    async with Grant(communicator, 60, deadline) as grant:
        lost, _ = await grant.below(0)
        await communicator.lease_revoke(lost)
        assert await grant.commit(Txn().and_then([TxnOp.put("/a", "1", lease=lost)]), lost) is None
        again, _ = await grant.below(0)
        txn = Txn().and_then([TxnOp.put("/a", "1", lease=again)])
        assert again != lost
        assert await grant.commit(txn, again) is not None
    assert (await communicator.leases()).leases == (again,)
    async with Grant(communicator, None, deadline, lost) as grant:
        txn = Txn().and_then([TxnOp.put("/a", "1", lease=lost)])
        with pytest.raises(LeaseNotFoundError):
            await grant.commit(txn, (await grant.below(0))[0])

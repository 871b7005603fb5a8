"""What the rows about aetcd must do, which stand on the first page."""

from __future__ import annotations

from etcd_client import Compare, CompareOp, KeyValue, Watch
from tests.docs.coming_from.rows import Checks, Here

checks = Checks("index")


@checks.row('aetcd.Client(host="127.0.0.1", port=2379)')
async def connects(here: Here) -> None:
    async with await here.run() as communicator:
        assert await communicator.get("key") == b"value"


@checks.row('await client.get(b"key")')
async def gets_with_revisions(here: Here) -> None:
    assert await here.run() == await here.communicator.get_kv("key")


checks.results({'(await client.get(b"key")).value': b"value"})


@checks.row('await client.get_prefix(b"dir/")')
async def gets_all(here: Here) -> None:
    kvs: tuple[KeyValue, ...] = await here.run()
    assert [(kv.key, kv.value) for kv in kvs] == [(b"dir/1", b"one"), (b"dir/2", b"two")]


@checks.row('await client.put(b"key", b"new")', 'await client.replace(b"key", b"value", b"new")')
async def puts(here: Here) -> None:
    await here.run()
    assert await here.communicator.get("key") == b"new"


@checks.row('await client.delete_prefix(b"dir/")')
async def deletes(here: Here) -> None:
    assert (await here.run()).deleted == 2


@checks.row('client.transactions.version(b"key") > 0')
async def makes_the_condition(here: Here) -> None:
    assert repr(await here.run()) == repr(Compare.version("key", CompareOp.GREATER, 0))


@checks.row('await client.watch_prefix(b"dir/")')
async def watches(here: Here) -> None:
    await here.run()
    watch: Watch = here.names["watch"]
    await watch.ready()
    await here.communicator.put("dir/3", "new")
    assert (await anext(watch)).key == b"dir/3"
    watch.cancel()


@checks.row('client.lock(b"key", ttl=60)')
async def makes_a_lock(here: Here) -> None:
    await here.run()
    async with here.names["lock"] as lock:
        assert 0 < lock.remaining <= 60


@checks.row("await client.lease(10)")
async def grants_a_lease(here: Here) -> None:
    await here.run()
    assert here.names["lease"].ttl == 10
    await here.names["lease"].revoke()

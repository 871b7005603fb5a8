"""The same client under trio, which python-aio-etcd did not know."""

import trio

import etcd_client.compat.aio_etcd as etcd
from tests.compat.aio_etcd.conftest import MakeClient


def test_a_client_works_under_trio(make_client: MakeClient) -> None:
    client = make_client()

    async def main() -> list[str]:
        seen: list[str] = []
        made = await client.write("/d/a", 1, ttl=60)

        async def follow() -> None:
            def take(result: etcd.EtcdResult) -> None:
                seen.append(result.value)
                if result.value == "2":
                    raise etcd.StopWatching

            await client.eternal_watch("/d", take, index=made.modifiedIndex, recursive=True)

        with trio.fail_after(30):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(follow)
                async with etcd.Lock(client, "work") as lock:
                    assert lock.is_acquired
                    await client.set("/d/a", 2)
        with trio.move_on_after(0.1) as scope:
            await client.watch("/never")
        assert scope.cancelled_caught
        return seen

    assert trio.run(main) == ["1", "2"]

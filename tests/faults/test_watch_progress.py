"""What a watch says of how far it has come must hold, whatever is still on its way."""

import asyncio

from etcd_client import Client, Communicator, WatchEvent
from etcd_client.testing import Proxy


async def read_all(communicator: Communicator, count: int) -> list[tuple[int, WatchEvent]]:
    """Watch from the beginning; return each event with what the watch claimed before it."""
    start = (await communicator.range(b"key-0")).header.revision - count + 1
    watch = communicator.watch_prefix(b"key-", start_revision=start)
    await watch.ready()
    found: list[tuple[int, WatchEvent]] = []
    while len(found) < count:
        claimed = watch.revision
        try:
            event = await asyncio.wait_for(anext(watch), 0.02)
        except asyncio.TimeoutError:
            watch.request_progress()
        else:
            found.append((claimed, event))
    return found


async def test_progress_is_not_ahead_of_what_is_still_to_come(endpoint: str, proxy: Proxy) -> None:
    """Servers before 3.4.25 and 3.5.8 answer with the newest revision at once."""
    async with Client(endpoint).connect() as direct, Client(proxy.endpoint).connect() as slow:
        for number in range(3000):
            await direct.put(f"key-{number}", bytes(500))
        await asyncio.to_thread(proxy.limit_bandwidth, 1_000_000)
        for claimed, event in await read_all(slow, 3000):
            assert event.kv is not None
            assert claimed < event.kv.mod_revision


async def test_a_watch_resumes_while_it_is_asked_for_progress_all_the_time(
    endpoint: str, proxy: Proxy
) -> None:
    async with Client(endpoint).connect() as direct, Client(proxy.endpoint).connect() as asking:
        async with asking.watch(b"key") as watch:
            proxy.drop()
            wanted = (await direct.put(b"key", b"value")).header.revision

            async def ask() -> None:
                while True:
                    watch.request_progress()
                    await asyncio.sleep(0.0005)

            asker = asyncio.create_task(ask())
            event = await asyncio.wait_for(anext(watch), 10)
            asker.cancel()
        assert event.kv is not None
        assert event.kv.mod_revision == wanted


async def test_progress_is_not_ahead_for_those_that_were_created_meanwhile(
    endpoint: str, proxy: Proxy
) -> None:
    """An answer is for all watches of a stream, but says nothing of those that came after it."""
    async with Client(endpoint).connect() as direct, Client(proxy.endpoint).connect() as client:
        first = (await direct.put("key", b"0")).header.revision
        async with client.watch("other") as asking:
            over = asyncio.Event()

            async def ask() -> None:
                while not over.is_set():
                    asking.request_progress()
                    await asyncio.sleep(0)

            asker = asyncio.create_task(ask())
            for number in range(1, 50):
                await direct.put("key", str(number).encode())
                watch = client.watch("key", start_revision=first + number)
                await watch.ready()
                assert watch.revision == first + number - 1
                event = await asyncio.wait_for(anext(watch), 10)
                assert event.value == str(number).encode()
                watch.cancel()
            over.set()
            await asker

"""Tasks of trio: nurseries, cancellation at every point, and programs of anyio."""

import gc
from collections.abc import Awaitable, Callable

import anyio
import pytest
import trio
import trio.testing

from etcd_client import Call, Client, Communicator, Election, EtcdLockOption, Lock
from etcd_client.testing import EtcdServer
from tests.support.leftovers import nothing_left, settled_metrics
from tests.support.waiting import eventually_async

Attempt = Callable[[Communicator], Awaitable[object]]


async def hold_lock(communicator: Communicator) -> None:
    async with Lock(communicator, "lock"):
        await trio.sleep_forever()


async def wait_for_lock(communicator: Communicator) -> None:
    async with Lock(communicator, "lock"), Lock(communicator, "lock"):
        pass


async def lead(communicator: Communicator) -> None:
    async with Election(communicator, "election", "me"):
        await Election(communicator, "election", "another").campaign()


async def work_as_leader(communicator: Communicator) -> None:
    async with communicator.session() as session:
        await session.election("election", "me").run(work)


async def work(_election: Election) -> None:
    await trio.sleep_forever()


async def use_session(communicator: Communicator) -> None:
    async with communicator.session(cancel_on_loss=True) as session:
        await session.register("service", "here")
        await session.lock("lock").acquire()
        await session.lock("lock").acquire()


async def hold_lease(communicator: Communicator) -> None:
    async with communicator.lease(60) as lease:
        await communicator.put("key", "value", lease=lease)
        await trio.sleep_forever()


async def watch(communicator: Communicator) -> None:
    async with communicator.watch_prefix("") as events:
        async for _ in events:
            pass


async def follow(communicator: Communicator) -> None:
    async with communicator.cache("") as view:
        await view.wait_until(lambda keys: b"never" in keys)


async def observe(communicator: Communicator) -> None:
    async for _ in communicator.observe("election"):
        pass


async def connect_with_lock(communicator: Communicator) -> None:
    client = Client(communicator.endpoints)
    async with client.with_lock(EtcdLockOption("lock")), client.with_lock(EtcdLockOption("lock")):
        pass


@pytest.mark.parametrize(
    "attempt",
    [
        hold_lock,
        wait_for_lock,
        lead,
        work_as_leader,
        use_session,
        hold_lease,
        watch,
        follow,
        observe,
        connect_with_lock,
    ],
)
def test_a_cancellation_leaves_nothing(attempt: Attempt, endpoint: str, etcd: EtcdServer) -> None:
    async def main() -> None:
        watchers = (await settled_metrics(etcd)).watchers
        async with Client(endpoint).connect() as communicator:
            for delay in (0, 0.0005, 0.001, 0.002, 0.004, 0.01, 0.1):
                with trio.CancelScope() as scope:
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(attempt, communicator)
                        await trio.sleep(delay)
                        scope.cancel()
                assert scope.cancelled_caught
            await nothing_left(endpoint)
            # Builds without the GIL drop what a cancelled frame held when they collect.
            gc.collect()
            await eventually_async(lambda: etcd.metrics().watchers <= watchers)

    trio.run(main)


def test_a_scope_that_was_cancelled_before_sends_nothing_to_stay(endpoint: str) -> None:
    async def main() -> None:
        async with Client(endpoint).connect() as communicator:
            with trio.CancelScope() as scope:
                scope.cancel()
                await communicator.lock("lock")
            with trio.CancelScope() as scope:
                scope.cancel()
                async with communicator.lease(60):
                    pass
            assert scope.cancelled_caught
            await nothing_left(endpoint)

    trio.run(main)


def test_a_cancelled_step_loses_no_event(endpoint: str) -> None:
    async def main() -> None:
        seen: list[bytes] = []

        async def write() -> None:
            for number in range(200):
                await communicator.put("key", str(number))

        async with (
            Client(endpoint).connect() as communicator,
            communicator.watch("key") as events,
            trio.open_nursery() as nursery,
        ):
            await events.ready()
            nursery.start_soon(write)
            while len(seen) < 200:
                with trio.move_on_after(0.0005):
                    while True:
                        seen.append((await anext(events)).value)
        assert seen == [str(number).encode() for number in range(200)]

    trio.run(main)


def test_the_next_event_with_a_default(endpoint: str) -> None:
    """Python awaits it in a way of its own."""

    async def main() -> None:
        async with (
            Client(endpoint).connect() as communicator,
            communicator.watch("key") as events,
            trio.open_nursery() as nursery,
        ):
            await events.ready()
            nursery.start_soon(communicator.put, "key", "value")
            found = await anext(events, None)
            assert found is not None
            assert found.value == b"value"
            with trio.move_on_after(0.01) as scope:
                await anext(events, None)
            assert scope.cancelled_caught
            events.cancel()
            assert await anext(events, None) is None

    trio.run(main)


def test_many_tasks_read_what_is_there(endpoint: str) -> None:
    """Their steps come and go meanwhile, and are not taken for each other."""

    async def main() -> None:
        found: list[list[bytes]] = []

        async def read() -> None:
            async with communicator.watch("key", start_revision=first) as events:
                found.append([(await anext(events)).value for _ in range(50)])

        async with Client(endpoint).connect() as communicator:
            first = (await communicator.put("key", "0")).header.revision
            for number in range(1, 50):
                await communicator.put("key", str(number))
            async with trio.open_nursery() as nursery:
                for _ in range(50):
                    nursery.start_soon(read)
        assert found == [[str(number).encode() for number in range(50)]] * 50

    trio.run(main)


def test_every_call_lets_other_tasks_run(endpoint: str) -> None:
    """Also a call or a step whose result is there already."""

    async def main() -> None:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await trio.lowlevel.checkpoint()

        async with (
            Client(endpoint).connect() as communicator,
            communicator.watch("key") as events,
            trio.open_nursery() as nursery,
        ):
            await events.ready()
            for _ in range(20):
                await communicator.put("key", "value")
            await trio.sleep(0.2)
            call = communicator.get("key")
            await trio.sleep(0.2)
            nursery.start_soon(count)
            assert await call == b"value"
            before = turns
            for _ in range(20):
                await anext(events)
            assert turns - before >= 10
            nursery.cancel_scope.cancel()

    trio.run(main)


def test_a_call_that_two_tasks_await(make_server: Callable[..., EtcdServer]) -> None:
    server = make_server()
    found: list[object] = []

    async def main() -> None:
        async with Client(server.endpoint).connect() as communicator:
            await communicator.put("key", "value")

            async def wait(call: Call[bytes | None]) -> None:
                try:
                    found.append(await call)
                except RuntimeError as error:
                    found.append(str(error))

            both = communicator.get("key")
            async with trio.open_nursery() as nursery:
                nursery.start_soon(wait, both)
                nursery.start_soon(wait, both)
            server.freeze()
            both = communicator.get("key")
            async with trio.open_nursery() as nursery:
                nursery.start_soon(wait, both)
                await trio.testing.wait_all_tasks_blocked()
                with trio.move_on_after(0.05):
                    await both

    trio.run(main)
    message = "another task that awaits the call was cancelled"
    assert found == [b"value", b"value", message]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_program_of_anyio(backend: str, endpoint: str) -> None:
    async def main() -> None:
        async with Client(endpoint).connect() as communicator:
            async with anyio.create_task_group() as group:
                for number in range(20):
                    group.start_soon(communicator.put, f"key/{number}", str(number))
            assert await communicator.count_prefix("key/") == 20

            with anyio.move_on_after(0.05) as scope:
                async with communicator.session() as session, session.lock("lock"):
                    await session.lock("lock").acquire()
            assert scope.cancelled_caught

            async def work(communicator: Communicator) -> None:
                async with Lock(communicator, "lock"):
                    await communicator.update("count", lambda value: b"%d" % (int(value or 0) + 1))

            async with anyio.create_task_group() as group:
                for _ in range(10):
                    group.start_soon(work, communicator)
            assert await communicator.get("count") == b"10"
            await communicator.delete_prefix("")
            await nothing_left(endpoint)

    anyio.run(main, backend=backend)

"""What a call's result can be used for, and what becomes of a call that is given up."""

import asyncio
import collections.abc
import gc
import inspect
import time
import weakref
from typing import Any

import pytest

from etcd_client import (
    Call,
    Client,
    Communicator,
    EtcdTimeoutError,
    LeaseNotFoundError,
    OutcomeUnknownError,
)
from etcd_client.testing import EtcdServer, Proxy
from tests.support.front import Http2Front
from tests.support.waiting import eventually_async

pytestmark = pytest.mark.both_loops


async def put_is_seen(communicator: Communicator) -> None:
    """Wait until `key` has the value `value`."""

    async def seen() -> bool:
        return await communicator.get(b"key") == b"value"

    await eventually_async(seen)


async def test_can_be_awaited(communicator: Communicator) -> None:
    await communicator.put(b"key", b"value")
    assert await communicator.get(b"key") == b"value"


async def test_is_a_coroutine_to_asyncio(communicator: Communicator) -> None:
    call = communicator.get(b"key")
    assert isinstance(call, Call)
    assert isinstance(call, collections.abc.Coroutine)
    assert inspect.isawaitable(call)
    assert asyncio.iscoroutine(call)
    await call


async def test_can_be_a_task(communicator: Communicator) -> None:
    task = asyncio.create_task(communicator.get(b"key"), name="reading")
    assert await task is None
    assert task.get_name() == "reading"


async def test_can_be_gathered(communicator: Communicator) -> None:
    await asyncio.gather(*(communicator.put(b"%d" % i, b"%d" % i) for i in range(100)))
    values = await asyncio.gather(*(communicator.get(b"%d" % i) for i in range(100)))
    assert values == [b"%d" % i for i in range(100)]


async def test_can_be_waited_for(communicator: Communicator) -> None:
    calls = {asyncio.ensure_future(communicator.get(b"key")) for _ in range(10)}
    done, pending = await asyncio.wait(calls, timeout=5)
    assert (len(done), len(pending)) == (10, 0)
    for finished in asyncio.as_completed([communicator.get(b"key") for _ in range(3)]):
        assert await finished is None


async def test_starts_at_once(communicator: Communicator) -> None:
    call = communicator.put(b"key", b"value")
    await put_is_seen(communicator)
    await call


async def test_many_run_at_once(endpoint: str, proxy: Proxy) -> None:
    assert endpoint
    async with Client(proxy.endpoint).connect() as communicator:
        await communicator.get(b"key")
        proxy.delay(0.2)
        started = time.monotonic()
        await asyncio.gather(*(communicator.get(b"key") for _ in range(512)))
        # One after the other, they would take minutes.
        assert time.monotonic() - started < 20


async def test_can_be_awaited_again(communicator: Communicator) -> None:
    call = communicator.put(b"key", b"value")
    first = await call
    assert await call == first
    assert await call == first


async def test_can_be_awaited_by_several_tasks(communicator: Communicator) -> None:
    async def wait(call: Call[Any]) -> Any:
        return await call

    call = communicator.put(b"key", b"value")
    one, two = await asyncio.gather(wait(call), wait(call))
    assert one == two


async def test_raises_again(communicator: Communicator) -> None:
    call = communicator.put(b"key", b"value", lease=12345)
    for _ in range(2):
        with pytest.raises(LeaseNotFoundError):
            await call


class Payload:
    """Something large that a frame keeps."""


async def test_an_error_does_not_keep_its_call_for_ever(communicator: Communicator) -> None:
    """Its traceback has the frame, the frame has the call, and the call has the error."""

    async def fail() -> "weakref.ref[Payload]":
        payload = Payload()
        call = communicator.put(b"key", b"value", lease=12345)
        try:
            await call
        except LeaseNotFoundError:
            return weakref.ref(payload)
        raise AssertionError

    payload = await fail()
    await asyncio.sleep(0)  # until then the task is still at the step that the error resumed
    gc.collect()
    assert payload() is None


async def test_shield_protects_it(slow: Communicator) -> None:
    call = asyncio.ensure_future(slow.put(b"key", b"value"))
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.shield(call), 0.1)
    assert not call.done()
    assert (await call).header.revision > 0


async def test_wait_for_gives_it_up(silent: Communicator) -> None:
    started = time.monotonic()
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(silent.get(b"key"), 0.1)
    assert time.monotonic() - started < 5


async def test_its_own_deadline_ends_it(silent: Communicator) -> None:
    started = time.monotonic()
    with pytest.raises(EtcdTimeoutError) as timed_out:
        await silent.get(b"key", timeout=0.1)
    assert not isinstance(timed_out.value, OutcomeUnknownError)
    with pytest.raises(OutcomeUnknownError) as unknown:
        # Long enough for it to be sent, on a busy machine too: otherwise nothing is unknown.
        await silent.put(b"key", b"value", timeout=1)
    assert isinstance(unknown.value, TimeoutError)
    assert time.monotonic() - started < 5


async def test_cancelling_one_leaves_the_others(slow: Communicator) -> None:
    kept = asyncio.create_task(slow.put(b"kept", b"value"))
    given_up = [asyncio.create_task(slow.get(b"key")) for _ in range(100)]
    await asyncio.sleep(0.1)
    for task in given_up:
        task.cancel()
    outcomes = await asyncio.gather(*given_up, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {asyncio.CancelledError}
    assert (await kept).header.revision > 0


async def test_a_given_up_call_cannot_be_awaited_again(slow: Communicator) -> None:
    call = slow.get(b"key")
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(call, 0.05)
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_cancelling_before_the_first_step_gives_it_up(slow: Communicator) -> None:
    task = asyncio.create_task(slow.get(b"key"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancelled_call_is_cancelled_on_the_server(etcd: EtcdServer, endpoint: str) -> None:
    assert endpoint
    with Http2Front(etcd.address) as front:
        async with Client(front.endpoint).connect() as communicator:
            front.delay_answers(60, "KV/Range")
            waiting = [asyncio.create_task(communicator.get(b"key")) for _ in range(5)]
            await eventually_async(lambda: front.streams_open("KV/Range") == 5)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            # Sooner than by their deadlines, which are after 10 s.
            await eventually_async(lambda: front.streams_open("KV/Range") == 0, within=5)


async def test_a_call_that_is_never_awaited_is_no_trouble(
    communicator: Communicator, caplog: pytest.LogCaptureFixture
) -> None:
    communicator.put(b"key", b"value")
    gc.collect()
    await put_is_seen(communicator)
    assert caplog.records == []


async def test_an_exception_that_nobody_asks_for_is_told(
    communicator: Communicator,
) -> None:
    told: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: told.append(context["message"]))
    communicator.put(b"key", b"value", lease=12345)

    async def is_told() -> bool:
        await communicator.get(b"key")
        gc.collect()
        return bool(told)

    await eventually_async(is_told)
    assert told == ["Future exception was never retrieved"]


async def test_a_call_is_told_of_as_a_coroutine_is(communicator: Communicator) -> None:
    call = communicator.get(b"key")
    with pytest.raises(TypeError, match="value"):
        call.send(1)  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        call.throw(KeyError("given up"))
    call.close()


async def test_a_call_needs_a_running_loop(communicator: Communicator) -> None:
    def call_outside() -> None:
        with pytest.raises(RuntimeError, match="no running event loop"):
            communicator.get(b"key")

    await asyncio.get_running_loop().run_in_executor(None, call_outside)

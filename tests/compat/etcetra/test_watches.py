"""Watches."""

from __future__ import annotations

import asyncio

import pytest

from etcd_client.compat.etcetra import (
    EtcdCommunicator,
    WatchCreateRequestFilterType,
    WatchEvent,
    WatchEventType,
)
from etcd_client.compat.etcetra.errors import EtcdInvalidArgumentError, EtcdOutOfRangeError
from etcd_client.testing import Proxy

PUT, DELETE = WatchEventType.PUT, WatchEventType.DELETE


async def test_a_watch_is_ready_when_the_server_says_so(
    through_proxy: EtcdCommunicator, proxy: Proxy
) -> None:
    """The event was set when the request was written, before the server had it."""
    await through_proxy.put("key", "0")
    ready = asyncio.Event()
    proxy.stall()
    watch = through_proxy.watch("key", ready)
    await asyncio.sleep(0.2)
    assert not ready.is_set()
    proxy.heal()
    await asyncio.wait_for(ready.wait(), 30)
    await through_proxy.put("key", "1")
    assert (await anext(watch)).value == "1"


async def test_the_past_is_watched(connected: EtcdCommunicator) -> None:
    """A `start_revision` was a TypeError."""
    await connected.put("key", "1")
    kv = await connected.channel.get_kv("key")
    assert kv is not None
    await connected.delete("key")
    watch = connected.watch("key", start_revision=kv.mod_revision)
    assert await anext(watch) == WatchEvent("key", "1", None, PUT)
    assert await anext(watch) == WatchEvent("key", "", None, DELETE)


async def test_compacted_history_is_told_of(connected: EtcdCommunicator) -> None:
    for value in "12":
        await connected.put("key", value)
    kv = await connected.channel.get_kv("key")
    assert kv is not None
    await connected.channel.compact(kv.mod_revision)
    with pytest.raises(EtcdOutOfRangeError, match="compacted"):
        await anext(connected.watch("key", start_revision=kv.mod_revision - 1))


async def test_previous_values_are_reported(connected: EtcdCommunicator) -> None:
    """Where there was none, it was "" and not None."""
    ready = asyncio.Event()
    watch = connected.watch("key", ready, prev_kv=True)
    await ready.wait()
    await connected.put("key", "1")
    await connected.put("key", "2")
    await connected.delete("key")
    assert [await anext(watch) for _ in range(3)] == [
        WatchEvent("key", "1", None, PUT),
        WatchEvent("key", "2", "1", PUT),
        WatchEvent("key", "", "2", DELETE),
    ]


@pytest.mark.parametrize(
    ("left_out", "seen"),
    [
        (WatchCreateRequestFilterType.NOPUT, [DELETE, DELETE]),
        (WatchCreateRequestFilterType.NODELETE, [PUT, PUT]),
    ],
)
async def test_events_are_left_out(
    connected: EtcdCommunicator, left_out: WatchCreateRequestFilterType, seen: list[WatchEventType]
) -> None:
    ready = asyncio.Event()
    watch = connected.watch_prefix("k", ready_event=ready, filters=[left_out])
    await ready.wait()
    for _ in range(2):
        await connected.put("key", "value")
        await connected.delete("key")
    assert [(await anext(watch)).event for _ in range(2)] == seen


async def test_a_prefix_is_watched_without_its_siblings(connected: EtcdCommunicator) -> None:
    ready = asyncio.Event()
    watch = connected.watch_prefix("/foo/", ready)
    await ready.wait()
    for key in ("/foo", "/foobar", "/fop", "/foo/1"):
        await connected.put(key, "value")
    assert (await anext(watch)).key == "/foo/1"


async def test_an_empty_prefix_means_all_keys(connected: EtcdCommunicator) -> None:
    ready = asyncio.Event()
    watch = connected.watch_prefix("", ready, watch_id=7)
    await ready.wait()
    await connected.put("\x01", "value")
    assert (await anext(watch)).key == "\x01"


async def test_a_cancelled_step_loses_nothing(connected: EtcdCommunicator) -> None:
    """A timeout ended the watch without a word."""
    ready = asyncio.Event()
    watch = connected.watch("key", ready)
    await ready.wait()
    for number in range(20):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(anext(watch), 0.001)
        await connected.put("key", str(number))
        assert (await asyncio.wait_for(anext(watch), 30)).value == str(number)


async def test_a_watch_survives_a_lost_connection(
    through_proxy: EtcdCommunicator, connected: EtcdCommunicator, proxy: Proxy
) -> None:
    ready = asyncio.Event()
    watch = through_proxy.watch("key", ready)
    await ready.wait()
    await connected.put("key", "1")
    proxy.drop()
    await connected.put("key", "2")
    assert [(await asyncio.wait_for(anext(watch), 30)).value for _ in range(2)] == ["1", "2"]


async def test_text_that_cannot_be_decoded_ends_nothing(connected: EtcdCommunicator) -> None:
    ready = asyncio.Event()
    watch = connected.watch("key", ready)
    await ready.wait()
    await connected.channel.put("key", b"\xff")
    await connected.put("key", "text")
    with pytest.raises(UnicodeDecodeError):
        await anext(watch)
    assert (await anext(watch)).value == "text"


async def test_a_watch_ends_when_it_is_closed(connected: EtcdCommunicator) -> None:
    watch = connected.watch("key")
    await watch.aclose()
    assert [event async for event in watch] == []


async def test_wrong_arguments_are_refused(connected: EtcdCommunicator) -> None:
    with pytest.raises(TypeError, match="key: expected str, got bytes"):
        connected.watch(b"key")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="start_revision"):
        connected.watch("key", start_revision="5")  # type: ignore[arg-type]
    with pytest.raises(EtcdInvalidArgumentError):
        connected.watch_prefix("key", start_revision=-1)


def test_events_are_values() -> None:
    event = WatchEvent("key", "value", None, PUT)
    assert event == WatchEvent(key="key", value="value", prev_value=None, event=PUT)
    assert len({event, WatchEvent("key", "value", None, PUT)}) == 1

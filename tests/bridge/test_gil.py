"""Calls beside a thread that computes: each wait for the interpreter's lock serves many calls."""

import asyncio
import threading
import time

from etcd_client import Client, Communicator


async def test_calls_go_on_beside_a_busy_thread(communicator: Communicator) -> None:
    async def work() -> None:
        for _ in range(50):
            await communicator.get(b"key")

    def compute() -> None:
        number = 1
        while not stop.is_set():
            number = number * 48271 % 2147483647

    stop = threading.Event()
    thread = threading.Thread(target=compute)
    thread.start()
    try:
        started = time.monotonic()
        await asyncio.gather(*(work() for _ in range(64)))
        seconds = time.monotonic() - started
    finally:
        stop.set()
        thread.join()
    # A wait for the lock takes 5 ms. One for each of the 3,200 calls would take 16 s.
    assert seconds < 12


def test_a_busy_loop_holds_up_no_other(endpoint: str) -> None:
    """The engine serves all loops, and waits for none of them."""

    async def block() -> None:
        async with Client(endpoint).connect() as communicator:
            calls = [communicator.get(b"key") for _ in range(100)]
            blocked.set()
            # Blocks this loop, not the interpreter, until the other loop is done.
            assert served.wait(30)
            await asyncio.gather(*calls)

    async def serve() -> None:
        async with Client(endpoint).connect() as communicator:
            for _ in range(200):
                await communicator.put(b"key", b"value")

    blocked, served = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(block()))
    thread.start()
    assert blocked.wait(30)
    asyncio.run(serve())
    served.set()
    thread.join(30)
    assert not thread.is_alive()

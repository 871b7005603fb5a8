"""Grants of leases that come after those who had asked for them have given up."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from etcd_client import Client, Communicator, Election, EtcdTimeoutError, Lock
from etcd_client.testing import EtcdServer
from tests.support.leftovers import leases
from tests.support.waiting import eventually_async

ATTEMPTS = 100
PATIENCE = 0.2

ACQUIRE: dict[str, Callable[[Communicator, bytes], Coroutine[Any, Any, Any]]] = {
    "Lock": lambda communicator, name: Lock(communicator, name).acquire(timeout=PATIENCE),
    "Election": lambda communicator, name: Election(communicator, name).campaign(timeout=PATIENCE),
    "lease": lambda communicator, _: communicator.lease(60, timeout=PATIENCE),
}


@pytest.mark.parametrize(
    "kind",
    [
        "Lock",
        pytest.param("Election", marks=pytest.mark.full_faults),
        pytest.param("lease", marks=pytest.mark.full_faults),
    ],
)
async def test_attempts_on_a_frozen_server_leave_nothing(etcd: EtcdServer, kind: str) -> None:
    """Once it thaws it works on the grants and on what ends them at the same time."""
    async with Client(etcd.endpoint).connect() as communicator:
        await communicator.get(b"key")
        etcd.freeze()
        attempts = [ACQUIRE[kind](communicator, b"%d" % number) for number in range(ATTEMPTS)]
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        assert {isinstance(outcome, EtcdTimeoutError) for outcome in outcomes} == {True}
        etcd.thaw()
        await communicator.put(b"key", b"")
        await communicator.delete(b"key")
        # Long before the leases would end by themselves.
        await eventually_async(lambda: leases(etcd.endpoint) == [], within=10)
        await asyncio.sleep(1)
        # One that was granted only now is revoked soon, too.
        await eventually_async(lambda: leases(etcd.endpoint) == [])

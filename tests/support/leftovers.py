"""What a failed or finished attempt has left, on a server or here."""

import gc
import time

from etcd_client import active_context_count
from etcd_client.testing import EtcdServer, Metrics
from tests.support import gateway, tasks
from tests.support.waiting import eventually_async

_UNCHANGED_FOR = 3.0


def leases(endpoint: str) -> list[int]:
    """Return the ids of all leases."""
    return gateway.lease_ids(endpoint)


def key_count(endpoint: str) -> int:
    """Return how many keys there are."""
    every_key = {"key": "AA==", "range_end": "AA==", "count_only": True}
    return int(gateway.call(endpoint, "kv/range", every_key).get("count", 0))


async def nothing_left(endpoint: str, within: float = 5.0) -> None:
    """Wait until the server has neither a key nor a lease."""
    await eventually_async(
        lambda: leases(endpoint) == [] and key_count(endpoint) == 0, within=within
    )


async def no_contexts() -> None:
    """Wait until no context is open; those of earlier tests may be garbage, or be closing."""
    gc.collect()
    await eventually_async(lambda: active_context_count() == 0)


async def settled_metrics(server: EtcdServer) -> Metrics:
    """Return the server's metrics once the watches of earlier tests have ended there.

    The caller has none of its own. Those of a proxy stay: what has not changed for a while counts.
    """
    gc.collect()
    last, since = (0, 0), time.monotonic()
    while True:
        metrics = await tasks.to_thread(server.metrics)
        watches = metrics.watchers, metrics.watch_streams
        if watches != last:
            last, since = watches, time.monotonic()
        if watches == (0, 0) or time.monotonic() - since > _UNCHANGED_FOR:
            return metrics
        await tasks.sleep(0.1)

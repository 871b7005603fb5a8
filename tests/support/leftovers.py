"""What a failed or finished attempt has left on a server."""

from etcd_client.testing import EtcdServer, Metrics
from tests.support import gateway, tasks
from tests.support.waiting import eventually_async


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


async def settled_metrics(server: EtcdServer) -> Metrics:
    """Return the server's metrics once its watches do not change.

    Those of the test before may still be ending.
    """
    last = await tasks.to_thread(server.metrics)
    while True:
        await tasks.sleep(0.1)
        now = await tasks.to_thread(server.metrics)
        if (now.watchers, now.watch_streams) == (last.watchers, last.watch_streams):
            return now
        last = now

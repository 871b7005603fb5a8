"""What a failed or finished attempt has left on a server."""

from tests.support import gateway
from tests.support.waiting import eventually_async


def leases(endpoint: str) -> list[int]:
    """Return the ids of all leases."""
    answer = gateway.call(endpoint, "lease/leases")
    return [int(lease["ID"]) for lease in answer.get("leases", [])]


def key_count(endpoint: str) -> int:
    """Return how many keys there are."""
    every_key = {"key": "AA==", "range_end": "AA==", "count_only": True}
    return int(gateway.call(endpoint, "kv/range", every_key).get("count", 0))


async def nothing_left(endpoint: str, within: float = 5.0) -> None:
    """Wait until the server has neither a key nor a lease."""
    await eventually_async(
        lambda: leases(endpoint) == [] and key_count(endpoint) == 0, within=within
    )

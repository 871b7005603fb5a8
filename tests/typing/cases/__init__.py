"""Calls of each public method, and an instance of each class that these may not return."""

from tests.typing.cases import (
    authentication,
    caches,
    changes,
    connecting,
    elections,
    key_value,
    leases,
    locks,
    maintenance,
    members,
    parties,
    queues,
    recipes,
    sessions,
    transactions,
    watches,
)
from tests.typing.world import Case, Cases

CASES: Cases = {
    **authentication.CASES,
    **caches.CASES,
    **changes.CASES,
    **connecting.CASES,
    **elections.CASES,
    **key_value.CASES,
    **leases.CASES,
    **locks.CASES,
    **maintenance.CASES,
    **members.CASES,
    **parties.CASES,
    **queues.CASES,
    **recipes.CASES,
    **sessions.CASES,
    **transactions.CASES,
    **watches.CASES,
}

for name, cases in changes.ONCE.items():
    CASES[name] += cases

INSTANCES: dict[str, Case] = {
    **authentication.INSTANCES,
    **connecting.INSTANCES,
    **maintenance.INSTANCES,
}

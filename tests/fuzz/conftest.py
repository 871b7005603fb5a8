"""How long and how random: a short, repeatable run by default, a long one by `make fuzz`."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings

from etcd_client.testing import EtcdServer

# A call may wait for a slow disk; what takes too long, the timeout of the test tells.
_COMMON = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}

settings.register_profile("short", max_examples=8, derandomize=True, **_COMMON)  # type: ignore[arg-type]
settings.register_profile("long", max_examples=1_500, print_blob=True, **_COMMON)  # type: ignore[arg-type]


def pytest_configure(config: pytest.Config) -> None:
    """Choose the profile, unless it was chosen by hypothesis's own option."""
    if not config.getoption("--hypothesis-profile"):
        settings.load_profile("short")
    assert Phase.generate in settings().phases


@pytest.fixture(scope="module")
def server() -> Iterator[EtcdServer]:
    """Yield a server of these tests' own: some calls change what the others rely on."""
    with EtcdServer() as running:
        yield running

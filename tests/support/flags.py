"""Flags of etcd that several tests start their servers with."""

from collections.abc import Mapping

from etcd_client.testing import FlagValue

# For tests that restart a server often: a single member elects itself in a fifth of the time.
# etcd derives its least lease TTL from these, so they are not for tests of leases.
QUICK_ELECTIONS: Mapping[str, FlagValue] = {"heartbeat-interval": 20, "election-timeout": 200}

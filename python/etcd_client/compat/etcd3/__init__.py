"""python-etcd3's interface: `import etcd_client.compat.etcd3 as etcd3`, for threads.

May import the public names of `etcd_client` and `etcd_client.sync`. The submodules are
python-etcd3's.
"""

from . import etcdrpc, events, exceptions, leases, locks, members, transactions, utils, watch
from .client import Endpoint, Etcd3Client, MultiEndpointEtcd3Client, client
from .exceptions import Etcd3Exception
from .leases import Lease
from .locks import Lock
from .members import Member
from .transactions import Transactions

__all__ = [
    "Endpoint",
    "Etcd3Client",
    "Etcd3Exception",
    "Lease",
    "Lock",
    "Member",
    "MultiEndpointEtcd3Client",
    "Transactions",
    "client",
    "etcdrpc",
    "events",
    "exceptions",
    "leases",
    "locks",
    "members",
    "transactions",
    "utils",
    "watch",
]

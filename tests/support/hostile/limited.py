"""A program with a memory limit that calls a server: `limited ENDPOINT`.

It prints the classes of the errors of a get, a put and a watch.
"""

import asyncio
import resource
import sys
from pathlib import Path

from etcd_client import Client
from tests.support.hostile.calls import GET, PUT, WATCH

# Far less than the size that the server announces, far more than the calls need.
_ROOM = 1 << 30


def _limit_memory() -> None:
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + _ROOM, taken + _ROOM))


async def _main(endpoint: str) -> None:
    async with Client(endpoint).connect() as communicator:
        _limit_memory()
        calls = [call.run(communicator, 5.0) for call in (GET, PUT, WATCH)]
        for error in await asyncio.gather(*calls, return_exceptions=True):
            print(type(error).__name__)


asyncio.run(_main(sys.argv[1]))

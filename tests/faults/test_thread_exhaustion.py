"""No thread can be started: that is an error, after which the client goes on."""

import subprocess
import sys

import pytest

from etcd_client.testing import EtcdServer

PROGRAM = """
import asyncio
import os
import resource
import sys

from etcd_client import Client, ConnectOptions, EtcdConnectionError, UnreachableError
from etcd_client import cleanup_runtime

endpoint, other_name = sys.argv[1:]
most = resource.getrlimit(resource.RLIMIT_NPROC)[1]

def limit(threads):
    resource.setrlimit(resource.RLIMIT_NPROC, (threads, most))

async def main():
    async with Client(endpoint).connect() as communicator:
        await communicator.get("key")
    cleanup_runtime()
    if os.getuid() == 0:  # The limit is for others.
        os.setgid(65534)
        os.setuid(65534)
    limit(1)
    try:
        async with Client(endpoint).connect():
            print("opened")
    except OSError as error:
        print("no engine:", error)
    limit(most)
    async with Client(endpoint).connect() as communicator:
        await communicator.get("key")
        limit(1)
        # Looking a name up takes a thread.
        required = ConnectOptions(connect_timeout=2, require_connection=True)
        try:
            async with Client(other_name, required).connect():
                print("opened")
        except EtcdConnectionError as error:
            print("not connected:", error.message)
        async with Client(other_name, ConnectOptions(connect_timeout=2)).connect() as another:
            try:
                await another.get("key", timeout=2)
            except UnreachableError as error:
                print("no answer:", error.message)
            await communicator.get("key")
            limit(most)
            await another.get("key")
            print("goes on")

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit threads so")
def test_no_thread_can_be_started(etcd: EtcdServer) -> None:
    host, port = etcd.address
    assert host == "127.0.0.1"
    arguments = [etcd.endpoint, f"http://localhost:{port}"]
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    why = "Resource temporarily unavailable"
    said = ran.stdout.splitlines()
    assert [line.partition(":")[0] for line in said] == [
        "no engine",
        "not connected",
        "no answer",
        "goes on",
    ]
    assert all(why in line for line in said[:-1])
    (warning,) = ran.stderr.splitlines()
    assert warning.startswith("opened without a connection: ")
    assert why in warning

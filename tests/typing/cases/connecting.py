"""Clients, options, the runtime, and what calls are."""

from __future__ import annotations

import contextlib
from typing import Any

from etcd_client import (
    Client,
    Communicator,
    CondVar,
    ConnectOptions,
    Discovery,
    FutureRevisionError,
    GRPCStatusError,
    active_context_count,
    cleanup_runtime,
)
from etcd_client.telemetry import Hooks
from tests.support.name_server import NameServer, Service
from tests.typing.world import KEY, Case, Cases, World

FUTURE = 10**9


async def connected(world: World) -> Communicator:
    """A communicator of its own, because the case closes it."""
    async with world.client.connect() as communicator:
        return communicator


async def future_of_a_call(world: World) -> Any:
    """What a task waits for; the call is given up afterwards."""
    call = world.communicator.get(KEY)
    try:
        return call.send(None)
    finally:
        call.close()


async def thrown(world: World) -> Any:
    """Throwing raises what is thrown, so there is nothing to return."""
    with contextlib.suppress(LookupError):
        return world.communicator.get(KEY).throw(LookupError())
    return None


async def status_error(world: World) -> GRPCStatusError | None:
    """An error that the server answered with."""
    try:
        await world.communicator.get(KEY, revision=FUTURE)
    except FutureRevisionError as error:
        return error
    return None


async def waited(_: World) -> Any:
    """The wait of a condition that has come about."""
    condition = CondVar()
    await condition.notify_waiters()
    return condition.wait()


async def set_endpoints(world: World) -> Any:
    """On a connection that no other test shares."""
    communicator = await world.alone()
    return communicator.set_endpoints(communicator.endpoints)


async def sync_endpoints(world: World) -> Any:
    """On a connection that no other test shares."""
    return (await world.alone()).sync_endpoints()


async def resolved(world: World) -> Any:
    """What a name server of the case's own tells."""
    services = {"_etcd-client._tcp.example.test": [Service("localhost.", 2379)]}
    server = world.contexts.enter_context(NameServer(services))
    discovery = Discovery("example.test", nameserver=server.address)
    return discovery.resolve(ConnectOptions())


CASES: Cases = {
    "active_context_count": (lambda _: active_context_count(),),
    "cleanup_runtime": (lambda _: cleanup_runtime(),),
    "Call.__await__": (lambda world: world.communicator.get(KEY).__await__(),),
    "Call.send": (future_of_a_call,),
    "Call.throw": (thrown,),
    "Call.close": (lambda world: world.communicator.get(KEY).close(),),
    "Client.__aenter__": (lambda world: world.client.__aenter__(),),
    "Client.from_env": (lambda _: Client.from_env({}),),
    "Client.open": (lambda world: world.client.open(),),
    "Client.from_srv": (lambda _: Client.from_srv("example.com"),),
    "Client.connect": (lambda world: world.client.connect(),),
    "Communicator.aclose": (lambda world: world.communicator.aclose(),),
    "Communicator.close": (lambda world: world.communicator.close(),),
    "Communicator.set_endpoints": (set_endpoints,),
    "Communicator.sync_endpoints": (sync_endpoints,),
    "Communicator.stats": (lambda world: world.communicator.stats(),),
    "CondVar.wait": (waited,),
    "CondVar.notify_waiters": (lambda _: CondVar().notify_waiters(),),
    "ConnectOptions.with_connect_timeout": (lambda _: ConnectOptions().with_connect_timeout(1),),
    "ConnectOptions.with_keep_alive": (lambda _: ConnectOptions().with_keep_alive(6, 3.5),),
    "ConnectOptions.with_keep_alive_while_idle": (
        lambda _: ConnectOptions().with_keep_alive_while_idle(enabled=True),
    ),
    "ConnectOptions.with_max_response_size": (
        lambda _: ConnectOptions().with_max_response_size(1 << 20),
    ),
    "ConnectOptions.with_hooks": (lambda _: ConnectOptions().with_hooks(Hooks()),),
    "ConnectOptions.with_require_connection": (
        lambda _: ConnectOptions().with_require_connection(True),
    ),
    "ConnectOptions.with_tcp_keepalive": (lambda _: ConnectOptions().with_tcp_keepalive(1),),
    "ConnectOptions.with_timeout": (
        lambda _: ConnectOptions().with_timeout(1),
        lambda _: ConnectOptions().with_timeout(None),
    ),
    "ConnectOptions.with_wait_for_ready": (lambda _: ConnectOptions().with_wait_for_ready(False),),
    "ConnectOptions.with_sync_interval": (
        lambda _: ConnectOptions().with_sync_interval(60),
        lambda _: ConnectOptions().with_sync_interval(None),
    ),
    "ConnectOptions.with_tls": (lambda _: ConnectOptions().with_tls(verify=False),),
    "ConnectOptions.with_user": (lambda _: ConnectOptions().with_user("name", "password"),),
    "Discovery.resolve": (resolved,),
}

INSTANCES: dict[str, Case] = {
    "GRPCStatusError": status_error,
}

"""What `repr` shows of each public object: what it is and how it stands, and no secret."""

import re
from collections.abc import Callable
from typing import Any

import pytest

import etcd_client
from etcd_client import (
    Client,
    Communicator,
    CondVar,
    ConnectOptions,
    Key,
    Lock,
)
from tests.support.waiting import eventually_async

# What an object stands at, instead of what it is.
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
CLASSES = sorted(
    name
    for name in etcd_client.__all__
    if isinstance(getattr(etcd_client, name), type)
    and not issubclass(getattr(etcd_client, name), BaseException)
)


@pytest.mark.parametrize("name", CLASSES)
def test_no_public_class_leaves_its_repr_to_object(name: str) -> None:
    assert getattr(etcd_client, name).__repr__ is not object.__repr__


OBJECTS: list[tuple[str, Callable[[Communicator], Any]]] = [
    (r"<Watch b'a' open(ing)?>", lambda c: c.watch("a")),
    (r"<Watch prefix b'a/' open(ing)?>", lambda c: c.watch_prefix("a/")),
    (r"<Watch b'a' to b'c' open(ing)?>", lambda c: c.watch_range("a", "c")),
    (
        r"<Watch b'a', b'b', b'c' and 2 more open(ing)?>",
        lambda c: c.watch_many(keys=["a", "b", "c", "d", "e"]),
    ),
    (r"<Watch b'a' open(ing)?>", lambda c: c.namespace("app/").watch("a")),
    (r"<WatchBatches b'a' open(ing)?>", lambda c: c.watch("a").batches()),
    (r"<Observer b'seat' open(ing)?>", lambda c: c.observe("seat")),
    (r"<LeaseKeepAlives id=ff \w+>", lambda c: c.lease_keep_alive_stream(255)),
    (r"<Snapshot any member \w+>", lambda c: c.maintenance.snapshot()),
    (r"<Scan from 'a' at revision 0>", lambda c: c.scan_range("a", "b")),
    (r"<Auth of <Communicator https?://[\w.:]+>>", lambda c: c.auth),
    (r"<Cluster of <Communicator https?://[\w.:]+>>", lambda c: c.cluster),
    (r"<Maintenance of <Communicator https?://[\w.:]+>>", lambda c: c.maintenance),
    (r"<LeaseGrant not entered>", lambda c: c.lease(60)),
    (r"<Call in flight>", lambda c: c.get("a")),
    (r"<Lock 'a' not acquired>", lambda c: Lock(c, "a")),
    (r"<KeyField Key\('a'\)\.version>", lambda _: Key("a").version),
    (r"<CondVar not notified>", lambda _: CondVar()),
]


@pytest.mark.parametrize(("shown", "make"), OBJECTS, ids=[shown for shown, _ in OBJECTS])
async def test_objects_show_what_they_are(
    communicator: Communicator, shown: str, make: Callable[[Communicator], Any]
) -> None:
    made = make(communicator)
    assert re.fullmatch(shown, repr(made)), repr(made)
    if hasattr(made, "close"):
        made.close()


async def test_calls_show_how_they_stand(communicator: Communicator) -> None:
    call = communicator.put("a", "secret")
    await call
    assert repr(call) == "<Call finished>"
    given_up = communicator.get("a")
    given_up.close()
    assert repr(given_up) == "<Call cancelled>"


async def test_streams_show_how_they_stand(communicator: Communicator) -> None:
    async with communicator.watch("a") as watch:
        assert repr(watch) == "<Watch b'a' open>"
    await eventually_async(lambda: repr(watch) == "<Watch b'a' ended>")
    lost = communicator.lease_keep_alive_stream(5)
    with pytest.raises(etcd_client.LeaseNotFoundError):
        await anext(lost)
    assert repr(lost) == "<LeaseKeepAlives id=5 failed>"


async def test_changes_of_state_show(communicator: Communicator) -> None:
    async with communicator.cache("a/") as cache:
        changes = cache.changes()
        assert re.fullmatch(r"<CacheChanges open at revision \d+ with 0 unread>", repr(changes))

    async def shows(stm: etcd_client.STM) -> str:
        await stm.get("a")
        return repr(stm)

    assert await communicator.stm(shows) == "<STM running>"
    scan = communicator.scan_prefix("nothing/")
    assert [kv async for kv in scan] == []
    assert re.fullmatch(r"<Scan at revision \d+ ended>", repr(scan))


def test_passwords_are_not_shown() -> None:
    secret = "s3cret"  # noqa: S105 - of nothing
    options = ConnectOptions(user="root", password=secret)
    client = Client("http://localhost:2379", options)
    for shown in (repr(options), repr(client), repr(client.connect())):
        assert secret not in shown
        assert not ADDRESS.search(shown)

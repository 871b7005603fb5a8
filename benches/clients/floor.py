"""The floor: what the work costs with no library at all.

A hand-written HTTP/2 client on one blocking socket that sends frames encoded beforehand and looks
at the answers only as far as it must: it knows which call ended and hands out its bytes, but
decodes no message (of a watch, it counts the events). No client that gives Python objects to an
event loop can be expected to cost less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlsplit

from benches.clients.http2 import (
    MAX_FRAME,
    MESSAGE_HEADER,
    Connection,
    Request,
    bytes_field,
    read_varint,
)
from benches.works import (
    FILL_PREFIX,
    FILLED_KEYS,
    WATCH_PREFIX,
    Work,
    value_of,
    watched_prefix,
    work_keys,
)

_RANGE, _PUT, _TXN = (f"/etcdserverpb.KV/{name}" for name in ("Range", "Put", "Txn"))
_WATCH = "/etcdserverpb.Watch/Watch"
_LENGTH_DELIMITED = 2
_EVENTS_TAG = 11 << 3 | _LENGTH_DELIMITED


def _successor(prefix: bytes) -> bytes:
    return prefix[:-1] + bytes((prefix[-1] + 1,))


class Client:
    """The floor in the shape that the worker drives: `open`, `run`, `close`."""

    def __init__(self) -> None:
        """Wait for `open`."""
        self._connection: Connection | None = None
        self._authority = ""

    async def open(self, endpoint: str) -> None:
        """Connect."""
        parts = urlsplit(endpoint)
        self._authority = parts.netloc
        self._connection = Connection(parts.hostname or "", parts.port or 0)

    async def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._connection.close()

    async def run(self, work: Work, begin: Callable[[], None]) -> None:
        """Encode the requests, call `begin`, from where on it is measured, and do the work."""
        floor = self._connection
        if floor is None:
            message = "the floor is not connected"
            raise RuntimeError(message)
        if work.kind in ("watch", "receive"):
            puts = self._puts(work, work_keys(work, WATCH_PREFIX)) if work.kind == "watch" else ()
            stream = _start_watch(floor, self._watch())
            begin()
            _put_and_watch(floor, stream, puts, work)
            floor.reset(stream)
            return
        requests = self._requests(work)
        calls = work.operations // FILLED_KEYS if work.kind == "get_prefix" else work.operations
        begin()
        if len(requests[0].message) > MAX_FRAME:
            _exchange_large(floor, requests, calls)
        else:
            _exchange(floor, requests, calls, work.tasks)

    def _requests(self, work: Work) -> Sequence[Request]:
        if work.kind == "get":
            return [self._range(key) for key in work_keys(work)]
        if work.kind == "get_prefix":
            return [self._range(FILL_PREFIX, _successor(FILL_PREFIX))]
        if work.kind == "put":
            return self._puts(work, work_keys(work))
        if work.kind == "feed":
            # Of many keys, only those that are written.
            keys = work_keys(work, watched_prefix(work))[: work.operations]
            return self._puts(work, keys)
        if work.kind == "fill":
            names = (FILL_PREFIX + b"%06d" % index for index in range(work.operations))
            return self._puts(work, names)
        if work.kind == "txn":
            return [self._txn(key, value_of(work)) for key in work_keys(work)]
        message = f"the floor has no {work.kind}"
        raise NotImplementedError(message)

    def _puts(self, work: Work, keys: Iterable[bytes]) -> Sequence[Request]:
        value = value_of(work)
        return [Request.encode(_PUT, self._authority, _put(key, value)) for key in keys]

    def _range(self, key: bytes, range_end: bytes = b"") -> Request:
        message = bytes_field(1, key) + (bytes_field(2, range_end) if range_end else b"")
        return Request.encode(_RANGE, self._authority, message)

    def _txn(self, key: bytes, value: bytes) -> Request:
        operation = bytes_field(2, _put(key, value))
        return Request.encode(_TXN, self._authority, bytes_field(2, operation))

    def _watch(self) -> Request:
        create = bytes_field(1, WATCH_PREFIX) + bytes_field(2, _successor(WATCH_PREFIX))
        return Request.encode(_WATCH, self._authority, bytes_field(1, create), last=False)


def _put(key: bytes, value: bytes) -> bytes:
    return bytes_field(1, key) + bytes_field(2, value)


def _exchange(floor: Connection, requests: Sequence[Request], count: int, in_flight: int) -> None:
    sent = done = 0
    while done < count:
        room = min(in_flight - (sent - done), count - sent)
        if room:
            sent += floor.start(requests, sent, room)
        for stream in floor.receive():
            del floor.bodies[stream]
            done += 1


def _exchange_large(floor: Connection, requests: Sequence[Request], count: int) -> None:
    for index in range(count):
        floor.send_large(requests[index % len(requests)])
        while not (ended := floor.receive()):
            pass
        for stream in ended:
            del floor.bodies[stream]


def _start_watch(floor: Connection, request: Request) -> int:
    stream = floor.open(request)
    # The first message says that the watch was created; it has no events.
    while not _take_messages(floor.bodies.get(stream)):
        floor.receive()
    return stream


def _put_and_watch(floor: Connection, watch: int, puts: Sequence[Request], work: Work) -> None:
    """Receive the events of a work, and write them too where there are puts."""
    writes = work.operations if puts else 0
    sent = done = events = 0
    while events < work.operations or done < writes:
        room = min(work.tasks - (sent - done), writes - sent)
        if room:
            sent += floor.start(puts, sent, room)
        for ended in floor.receive():
            del floor.bodies[ended]
            done += 1
        events += sum(_take_messages(floor.bodies.get(watch)))


def _take_messages(body: bytearray | None) -> list[int]:
    """Remove the whole messages from a watch's stream; return the number of events in each."""
    messages: list[int] = []
    if body is None:
        return messages
    position = 0
    while len(body) - position >= MESSAGE_HEADER:
        end = position + MESSAGE_HEADER + int.from_bytes(body[position + 1 : position + 5], "big")
        if end > len(body):
            break
        messages.append(_events_in(body, position + MESSAGE_HEADER, end))
        position = end
    del body[:position]
    return messages


def _events_in(body: bytearray, position: int, end: int) -> int:
    events = 0
    while position < end:
        tag, position = read_varint(body, position)
        number, position = read_varint(body, position)
        if tag & 7 == _LENGTH_DELIMITED:
            position += number
        events += tag == _EVENTS_TAG
    return events


def client() -> Client:
    """Return the client that the worker drives."""
    return Client()

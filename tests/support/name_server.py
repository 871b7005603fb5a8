"""A DNS server that knows SRV records and nothing else."""

import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_HEADER = struct.Struct("!6H")
_QUESTION_TAIL = struct.Struct("!2H")
_RECORD = struct.Struct("!HHHIH")
_SERVICE = struct.Struct("!3H")

_AUTHORITATIVE_ANSWER = 0x8400
_NO_SUCH_NAME = 3
_SRV = 33
_INTERNET = 1
_TTL = 60
# A compressed name: the one of the question, right after the header.
_NAME_OF_QUESTION = 0xC000 | _HEADER.size


@dataclass(frozen=True)
class Service:
    """The content of an SRV record."""

    target: str
    port: int
    priority: int = 0
    weight: int = 0


class NameServer:
    """Answers over UDP on a port of its own; `silent` ones do not answer."""

    def __init__(self, services: Mapping[str, Sequence[Service]], *, silent: bool = False) -> None:
        """Take what there is to know: services by name, `_etcd-client._tcp.example.test`."""
        self.queries: list[str] = []
        self._services = services
        self._silent = silent
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._thread = threading.Thread(target=self._serve, name="name-server")

    def __enter__(self) -> "NameServer":
        """Begin to answer."""
        self._socket.bind(("127.0.0.1", 0))
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        """Stop."""
        # Wakes the thread, which takes an empty message for the end.
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    @property
    def address(self) -> str:
        """The address, as `ip:port`."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def _serve(self) -> None:
        while True:
            query, client = self._socket.recvfrom(4096)
            if not query:
                return
            if not self._silent:
                self._socket.sendto(self._answer(query), client)

    def _answer(self, query: bytes) -> bytes:
        identifier = _HEADER.unpack_from(query)[0]
        name, end = _read_name(query, _HEADER.size)
        kind, _class = _QUESTION_TAIL.unpack_from(query, end)
        question = query[_HEADER.size : end + _QUESTION_TAIL.size]
        self.queries.append(name)
        services = self._services.get(name, ()) if kind == _SRV else ()
        flags = _AUTHORITATIVE_ANSWER | (0 if services else _NO_SUCH_NAME)
        header = _HEADER.pack(identifier, flags, 1, len(services), 0, 0)
        return header + question + b"".join(_record(service) for service in services)


def _record(service: Service) -> bytes:
    data = _SERVICE.pack(service.priority, service.weight, service.port)
    data += _written_name(service.target)
    return _RECORD.pack(_NAME_OF_QUESTION, _SRV, _INTERNET, _TTL, len(data)) + data


def _written_name(name: str) -> bytes:
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _read_name(message: bytes, start: int) -> tuple[str, int]:
    """Return the name at `start`, in lower case, and where it ends."""
    labels = []
    while (length := message[start]) > 0:
        labels.append(message[start + 1 : start + 1 + length].decode().lower())
        start += 1 + length
    return ".".join(labels), start + 1

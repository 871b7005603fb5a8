"""Runs a scenario against the client, and checks what it guarantees whatever a server sends."""

import asyncio
import contextlib
import pickle
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etcd_client import Communicator, EtcdError, OutcomeUnknownError, RpcError
from etcd_client.errors import EtcdConnectionError, EtcdTimeoutError
from tests.support.front import Http2Front
from tests.support.hostile.calls import Call
from tests.support.hostile.protobuf import Own
from tests.support.hostile.scenario import Outcome, Scenario
from tests.support.hostile.steps import Player, Steps

_ENGINE = "etcd-client"
_MIB = 1 << 20
# Seconds that a call may take beyond its timeout: to leave a lease or a lock, on a busy machine.
_SLACK = 5.0
# The CPU seconds allowed for a call, and for each second that it lasts.
_CPU, _CPU_PER_SECOND = 0.3, 0.3
# How often a call is made that takes more.
_TIMES = 3


@dataclass(frozen=True)
class Report:
    """The outcome of a call, and its cost."""

    result: object
    seconds: float
    cpu: float
    memory: float
    requests: int

    @property
    def cpu_allowed(self) -> float:
        """The CPU seconds that a call may take which lasts as long."""
        return _CPU + _CPU_PER_SECOND * self.seconds

    @property
    def outcome(self) -> Outcome | None:
        """The outcome; None if it is none of the allowed ones."""
        result = self.result
        if not isinstance(result, BaseException):
            return Outcome.ANSWERED
        if isinstance(result, OutcomeUnknownError):
            return Outcome.UNKNOWN
        if isinstance(result, (EtcdConnectionError, EtcdTimeoutError)):
            return Outcome.NOT_DONE
        if isinstance(result, RpcError):
            return Outcome.REFUSED
        if isinstance(result, EtcdError):
            return Outcome.TYPED
        return Outcome.SILENT if isinstance(result, asyncio.TimeoutError) else None


@dataclass(frozen=True)
class Trial:
    """A client of a real server, through a front that can answer instead of the server."""

    front: Http2Front
    communicator: Communicator
    ids: Mapping[Own, int]

    async def attempt(self, call: Call, steps: Steps, timeout: float) -> Report:
        """Make a call that the front answers with these steps."""
        player = Player(steps, call.answer, self.ids)
        await asyncio.to_thread(self.front.answer, call.path, player)
        resident, cpu = _reset_peak(), _cpu()
        started = time.monotonic()
        try:
            result: object = await call.run(self.communicator, timeout)
        except Exception as error:  # noqa: BLE001 - what it is, is the subject
            result = error
        seconds = time.monotonic() - started
        cpu = _cpu() - cpu
        memory = (_peak() - resident) / _MIB
        await asyncio.to_thread(self.front.heal)
        return Report(result, seconds, cpu, memory, player.played)

    async def best_attempt(self, call: Call, steps: Steps, timeout: float) -> Report:
        """Make an attempt, and again where it took too much CPU time.

        A busy loop takes it each time; a garbage collection, or a host that is busy, does not.
        """
        for _ in range(_TIMES - 1):
            report = await self.attempt(call, steps, timeout)
            if report.cpu < report.cpu_allowed:
                return report
            print(report)
            await self.goes_on()
        return await self.attempt(call, steps, timeout)

    async def goes_on(self) -> None:
        """Check that the engine is alive and that calls succeed again with a healthy server."""
        # The connection may break only now. A read is retried then; a put might not be.
        await self.communicator.get("next", timeout=10)
        await self.communicator.put("next", "call", timeout=10)
        assert await self.communicator.get("next", timeout=10) == b"call"


def check(scenario: Scenario, report: Report, timeout: float) -> None:
    """Check the outcome of a scenario, with a deadline, against the guarantees."""
    assert report.outcome is not None, f"not an error of the package's: {report.result!r}"
    assert report.outcome in scenario.outcome, f"{report.outcome}: {report.result!r}"
    check_result(report.result)
    check_costs(report, timeout, scenario.memory)
    if scenario.call.mutation and not scenario.refused:
        assert report.requests == 1, f"the change was sent {report.requests} times"
    assert report.requests <= scenario.requests, f"asked {report.requests} times"


def check_result(result: object) -> None:
    """Use a result in every way (attributes, repr, pickle): none of them may fail."""
    assert repr(result)
    assert str(result) is not None
    names = getattr(type(result), "__match_args__", ())
    for name in names:
        value = getattr(result, name)
        for item in value if isinstance(value, tuple) else (value,):
            check_result(item)
    if names or isinstance(result, EtcdError):
        again: Any = pickle.loads(pickle.dumps(result))  # noqa: S301 - made here
        assert type(again) is type(result)
        assert isinstance(result, EtcdError) or again == result


def check_costs(report: Report, timeout: float, memory: float) -> None:
    """Check that a call ended in time, and used little CPU and memory."""
    assert report.seconds < timeout + _SLACK, f"took {report.seconds:.2f} s"
    assert report.cpu < report.cpu_allowed, f"took {report.cpu:.2f} s of the processor"
    assert report.memory < memory, f"took {report.memory:.0f} MiB"


def _cpu() -> float:
    """Return the CPU seconds that the engine and this thread have used."""
    taken = time.thread_time()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            if (task / "comm").read_text().strip() == _ENGINE:
                taken += int((task / "schedstat").read_text().split()[0]) / 1e9
    return taken


def _reset_peak() -> int:
    """Reset the peak memory of the process, and return its present size."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _peak() -> int:
    return _status("VmHWM")


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024

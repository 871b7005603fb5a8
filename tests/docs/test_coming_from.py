"""Every row of `docs/coming-from/` does here what the call beside it did there."""

from __future__ import annotations

import pytest

from etcd_client import Client, Communicator
from etcd_client.testing import EtcdServer
from tests.docs.coming_from import (
    aetcd,
    etcd_client_py,
    etcetra,
    etcetra_errors,
    python_aio_etcd,
    python_etcd3,
)
from tests.docs.coming_from.rows import STORED, Here, Row, rows

ROWS = rows()
CHECKS = {
    **aetcd.checks,
    **etcd_client_py.checks,
    **etcetra.checks,
    **etcetra_errors.checks,
    **python_aio_etcd.checks,
    **python_etcd3.checks,
}


def test_each_row_has_its_check() -> None:
    """A row cannot be added without saying what it must do."""
    assert sorted(row.name for row in ROWS) == sorted(CHECKS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_row(
    row: Row, endpoint: str, etcd: EtcdServer, client: Client, communicator: Communicator
) -> None:
    """The code in the right column runs, and does what its check says."""
    assert endpoint == etcd.endpoint
    for key, value in STORED.items():
        await communicator.put(key, value)
    await CHECKS[row.name](Here(row, etcd, client, communicator))

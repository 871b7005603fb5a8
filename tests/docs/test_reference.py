"""The pages of the reference have an example each, and leave nothing out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import etcd_client
from etcd_client import errors, telemetry, testing
from tests.docs.blocks import ROOT, examples
from tests.typing.declarations import aliases, public_classes

PAGES = sorted((ROOT / "docs" / "reference").glob("*.md"))
TEXT = "\n".join(page.read_text() for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_has_an_example_that_says_what_it_prints(page: Path) -> None:
    assert any(example.output for example in examples(page))


def test_every_public_name_is_on_a_page() -> None:
    """The communicator's members are spread over the pages of the services."""
    shown = set(re.findall(r"^::: etcd_client\.([\w.]+)$", TEXT, re.MULTILINE))
    own = {"closed", "endpoints", "close", "aclose"}  # listed in the options of the class
    services = {"auth", "cluster", "maintenance"}  # have a page each
    members = {f"Communicator.{member.name}" for member in public_classes()["Communicator"].members}
    members -= {f"Communicator.{name}" for name in own | services}
    names = set(etcd_client.__all__) - set(errors.__all__) - aliases().keys()
    names |= {f"testing.{name}" for name in testing.__all__}
    names |= {f"telemetry.{name}" for name in telemetry.__all__}
    assert (names | members) - shown == set()

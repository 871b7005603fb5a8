"""The examples of the reference, each run by an interpreter of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import etcd_client
from etcd_client import errors
from tests.docs.blocks import ROOT, Example, examples
from tests.docs.test_readme import DEFAULT_ENDPOINT, run
from tests.typing.declarations import aliases, public_classes

PAGES = sorted((ROOT / "docs" / "reference").glob("*.md"))
TEXT = "\n".join(page.read_text() for page in PAGES)
EXAMPLES = [example for page in PAGES for example in examples(page)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_has_an_example_that_says_what_it_prints(page: Path) -> None:
    names = [example.name for example in EXAMPLES if example.output is not None]
    assert any(name.startswith(f"docs/reference/{page.name}:") for name in names)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_prints_what_the_page_says(example: Example, endpoint: str) -> None:
    assert DEFAULT_ENDPOINT in example.code
    outcome = run(example.code, endpoint)
    assert outcome.stderr == ""
    assert outcome.stdout == example.output


def test_every_public_name_is_on_a_page() -> None:
    """The communicator's members are spread over the pages of the services."""
    shown = set(re.findall(r"^::: etcd_client\.([\w.]+)$", TEXT, re.MULTILINE))
    own = {"closed", "endpoints", "close"}  # listed in the options of the class
    services = {"auth", "cluster", "maintenance"}  # have a page each
    members = {f"Communicator.{member.name}" for member in public_classes()["Communicator"].members}
    members -= {f"Communicator.{name}" for name in own | services}
    names = set(etcd_client.__all__) - set(errors.__all__) - aliases().keys()
    assert (names | members) - shown == set()

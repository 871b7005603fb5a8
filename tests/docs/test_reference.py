"""The examples of the reference, each run by an interpreter of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, Example, examples
from tests.docs.test_readme import DEFAULT_ENDPOINT, run

PAGES = sorted((ROOT / "docs" / "reference").glob("*.md"))
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

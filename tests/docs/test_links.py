"""The README is shown on package pages too: its links name a host, and lead to something."""

from __future__ import annotations

import re

import pytest

from tests.docs.blocks import ROOT

SITE = "https://lablup.github.io/etcd-client-py/latest/"
REPOSITORY = (
    "https://github.com/lablup/etcd-client-py/blob/main/",
    "https://raw.githubusercontent.com/lablup/etcd-client-py/main/",
)
LINKS = sorted(set(re.findall(r"\]\(([^)]+)\)", (ROOT / "README.md").read_text())))


@pytest.mark.parametrize("link", LINKS)
def test_link(link: str) -> None:
    assert link.startswith("https://"), "a relative link is broken on a package page"
    if link.startswith(SITE):
        page = link.removeprefix(SITE).rstrip("/")
        pages = [ROOT / "docs" / page / "index.md"]
        pages += [ROOT / "docs" / f"{page}.md"] if page else []
        assert any(path.is_file() for path in pages)
    for prefix in REPOSITORY:
        if link.startswith(prefix):
            assert (ROOT / link.removeprefix(prefix)).is_file()


def test_there_are_links_of_each_kind() -> None:
    for prefix in (SITE, *REPOSITORY):
        assert any(link.startswith(prefix) for link in LINKS)

"""The page about proxies says what the tests know of what they do not carry."""

import re
from pathlib import Path

from tests.support.proxies.not_carried import NOT_CARRIED

PAGE = Path(__file__).parents[2] / "docs" / "proxies.md"
# `nginx` | why
ROW = re.compile(r"^\| `([a-z-]+)` \| (.+) \|$", re.MULTILINE)


def test_the_page_has_what_is_not_carried() -> None:
    said = set(ROW.findall(PAGE.read_text()))
    assert said == {(front, why) for front, reasons in NOT_CARRIED.items() for why in reasons}

"""The page about proxies says what the tests know of what they do not carry."""

import re

from tests.support.proxies.documented import PAGE
from tests.support.proxies.not_carried import NOT_CARRIED

# `nginx` | why
ROW = re.compile(r"^\| `([a-z-]+)` \| (.+) \|$", re.MULTILINE)


def test_the_page_has_what_is_not_carried() -> None:
    said = set(ROW.findall(PAGE.read_text()))
    assert said == {(front, why) for front, reasons in NOT_CARRIED.items() for why in reasons}

"""Tables of server behaviour and the expected outcomes, as plain data."""

from tests.support.hostile.scenarios.answers import ANSWERS
from tests.support.hostile.scenarios.frames import PUTS
from tests.support.hostile.scenarios.holdings import HOLDINGS
from tests.support.hostile.scenarios.scans import SCANS
from tests.support.hostile.scenarios.statuses import CHANGES
from tests.support.hostile.scenarios.watches import STREAMS

__all__ = ["ALL"]

ALL = (*PUTS, *CHANGES, *ANSWERS, *SCANS, *STREAMS, *HOLDINGS)

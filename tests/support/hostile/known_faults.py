"""What the client does not hold yet, by the names of the scenarios.

Each is expected to fail, and to be taken out by whoever makes it pass.
"""

from collections.abc import Mapping

_ENDLESS = "reads: a scan believes that there is always more"

SCENARIOS: Mapping[str, str] = {
    "scan: more, but no pairs": "reads: a scan fails with IndexError",
    "scan: more, and the same pair again": _ENDLESS,
    "scan: more, and a pair from before the range": _ENDLESS,
    "scan: more, and a revision of 0": _ENDLESS,
}

"""What the client does not hold yet, by the names of the scenarios.

Each is expected to fail, and to be taken out by whoever makes it pass.
"""

from collections.abc import Mapping

SCENARIOS: Mapping[str, str] = {}

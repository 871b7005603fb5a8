"""The scenarios that the client is known to fail, by name.

Each is expected to fail; remove it here when you make it pass.
"""

from collections.abc import Mapping

SCENARIOS: Mapping[str, str] = {}

"""The environment of programs whose output is read by tests."""

import os
from pathlib import Path

import etcd_client

PACKAGE = str(Path(etcd_client.__file__).parents[1])

# A CI has pytest print whole messages in its summary; the others change colours and widths.
_OF_PRINTING = {
    *("BUILD_NUMBER", "CI", "COLUMNS", "LINES"),
    *("CLICOLOR_FORCE", "FORCE_COLOR", "MYPY_FORCE_COLOR", "NO_COLOR", "PY_COLORS"),
}
# Settings of the pytest that runs this, and of the etcdctl of whoever runs it.
_OF_OTHERS = ("PYTEST_", "ETCDCTL_")


def environment(**changes: str | None) -> dict[str, str]:
    """Return an environment where programs find this package, and print alike on every machine.

    Args:
        changes: Variables to set, or with `None` to leave out.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _OF_PRINTING and not name.startswith(_OF_OTHERS)
    }
    changed = {**kept, "PYTHONPATH": PACKAGE, **changes}
    return {name: value for name, value in changed.items() if value is not None}

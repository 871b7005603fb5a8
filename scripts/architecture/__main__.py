"""`python -m scripts.architecture`: tells what is wrong, and fails where anything is."""

from __future__ import annotations

import sys
from pathlib import Path

from scripts.architecture.check import faults


def main() -> int:
    """Check the repository that this file is in."""
    found = faults(Path(__file__).parents[2])
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

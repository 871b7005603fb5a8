"""Measures one import in a fresh process: `python -m benches.importing PACKAGE`.

`asyncio` is imported beforehand: a program that uses one of the clients has it anyway.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from dataclasses import asdict

from benches.sample import Stopwatch


def main() -> None:
    """Print the sample as JSON."""
    asyncio.new_event_loop().close()
    stopwatch = Stopwatch()
    importlib.import_module(sys.argv[1])
    print(json.dumps(asdict(stopwatch.read())))


if __name__ == "__main__":
    main()

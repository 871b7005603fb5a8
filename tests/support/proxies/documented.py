"""The configurations that `docs/proxies.md` shows, so that the tests run on them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "proxies.md"
# ### name, and the block of code after it
_BLOCK = r"^### {name}\n\n```\w+\n(.+?)^```$"


def documented(
    name: str, members: Sequence[tuple[str, int]], changes: Mapping[str, str | Path]
) -> str:
    """Return the configuration of a proxy.

    Args:
        name: The heading of its section.
        members: The etcd servers behind it; the line that names one is repeated for each.
        changes: Regular expressions, each of which is found once, and what to put there.
    """
    block = _BLOCK.format(name=name)
    found = re.search(block, PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None, f"no configuration of {name} in {PAGE}"

    def of_each(line: re.Match[str]) -> str:
        return "".join(
            line[0]
            .replace("10.0.0.1", host)
            .replace("2379", str(port))
            .replace("etcd-1", f"etcd-{number}")
            for number, (host, port) in enumerate(members, start=1)
        )

    configuration = re.sub(r"^.*10\.0\.0\.1.*\n", of_each, found[1], flags=re.MULTILINE)
    for pattern, replacement in changes.items():
        configuration, count = re.subn(pattern, str(replacement), configuration)
        assert count == 1, f"{pattern!r} is {count} times in {configuration}"
    return configuration

"""Every example in the documentation of the face runs, and shows what it says."""

from __future__ import annotations

import doctest
import inspect

import pytest

from etcd_client import sync
from etcd_client.sync import Client, Communicator
from tests.sync.test_api import FACES


def documented() -> dict[str, str]:
    """Return the docstrings of the classes and of their members."""
    found: dict[str, str] = {}
    for name in FACES:
        face = getattr(sync, name)
        found[name] = inspect.getdoc(face) or ""
        for key, member in vars(face).items():
            if not key.startswith("_"):
                found[f"{name}.{key}"] = inspect.getdoc(member) or ""
    return {name: text for name, text in found.items() if ">>>" in text}


DOCUMENTED = documented()


@pytest.mark.parametrize("name", DOCUMENTED)
def test_example_shows_what_happens(
    name: str, endpoint: str, client: Client, communicator: Communicator
) -> None:
    session = {"endpoint": endpoint, "client": client, "communicator": communicator}
    examples = doctest.DocTestParser().get_doctest(DOCUMENTED[name], session, name, None, None)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(examples, out=said.append)
    assert "".join(said) == ""


def test_there_are_examples() -> None:
    assert {"Client", "Communicator", "Lock", "Session", "Watch", "Queue"} <= DOCUMENTED.keys()

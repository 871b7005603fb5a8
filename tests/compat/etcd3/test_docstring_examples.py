"""The examples in the docstrings run, and show what they say."""

from __future__ import annotations

import doctest

import pytest

from etcd_client.compat import etcd3


@pytest.mark.parametrize("shown", [etcd3.Etcd3Client, etcd3.MultiEndpointEtcd3Client, etcd3.Lock])
def test_example_shows_what_happens(shown: type[object], port: int) -> None:
    text = shown.__doc__ or ""
    examples = doctest.DocTestParser().get_doctest(text, {"port": port}, str(shown), None, None)
    said: list[str] = []
    outcome = doctest.DocTestRunner().run(examples, out=said.append)
    assert (outcome.attempted > 1, said) == (True, [])

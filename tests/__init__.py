"""The test suite; a package, so that tests import their tools as `tests.support`."""

"""One or more calls of each public method, and an instance of each class with properties."""

from tests.typing.cases import connecting, key_value, transactions, watches
from tests.typing.world import Case, Cases

_MODULES = (connecting, key_value, transactions, watches)

CASES: Cases = {name: cases for module in _MODULES for name, cases in module.CASES.items()}

INSTANCES: dict[str, Case] = {
    name: make for module in _MODULES for name, make in module.INSTANCES.items()
}

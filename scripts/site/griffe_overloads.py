"""Let the reference show functions of which the stub has overloads only.

Griffe, which reads the sources for the reference, makes a member of a function when it comes to its
implementation. A stub has none: the last overload, which carries the documentation, stands for it.
"""

from typing import Any

import griffe


class OverloadsAsMembers(griffe.Extension):
    """Makes members of functions that have overloads and no implementation."""

    def on_class_members(self, *, cls: griffe.Class, **_: Any) -> None:  # noqa: ANN401 - griffe's
        """Complete the members of a class.

        Args:
            cls: The class, with all members that griffe has found.
        """
        for name, overloads in cls.overloads.items():
            if name not in cls.members and overloads:
                shown = overloads[-1]
                shown.overloads = overloads[:-1]
                cls.set_member(name, shown)

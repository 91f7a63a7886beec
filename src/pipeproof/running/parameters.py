"""The parameters of a run, as code is given them: they note which of them it asks for. Standard library only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_OURS = "pipeproof."


class Parameters(dict[str, Any]):
    """The parameters of a run, noting which of them the code asks for.

    Attributes:
        asked: Their names, also of those that are not there.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.asked: dict[str, None] = {}
        self.tell: Callable[[str], None] = lambda _name: None

    def __getitem__(self, name: str) -> Any:
        self._note(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._note(str(name))
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a parameter, or the default."""
        self._note(name)
        return super().get(name, default)

    def __iter__(self) -> Iterator[str]:
        self._note(*super().keys())
        return super().__iter__()

    def __len__(self) -> int:
        self._note(*super().keys())
        return super().__len__()

    def __eq__(self, other: object) -> bool:
        self._note(*super().keys())
        return super().__eq__(other)

    __hash__ = None  # as of any dict

    def __repr__(self) -> str:
        self._note(*super().keys())
        return super().__repr__()

    def keys(self) -> Any:
        """Return all names."""
        self._note(*super().keys())
        return super().keys()

    def values(self) -> Any:
        """Return all values."""
        self._note(*super().keys())
        return super().values()

    def items(self) -> Any:
        """Return all names with their values."""
        self._note(*super().keys())
        return super().items()

    def copy(self) -> dict[str, Any]:
        """Return a plain copy."""
        self._note(*super().keys())
        return dict(super().items())

    def pop(self, name: str, *default: Any) -> Any:
        """Remove a parameter and return it."""
        self._note(name)
        return super().pop(name, *default)

    def popitem(self) -> tuple[str, Any]:
        """Remove one parameter and return it with its name."""
        self._note(*super().keys())
        return super().popitem()

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Return a parameter, set to the default when it is not there."""
        self._note(name)
        return super().setdefault(name, default)

    def __reversed__(self) -> Iterator[str]:
        self._note(*super().keys())
        return super().__reversed__()

    def __reduce__(self) -> Any:
        self._note(*super().keys())
        return dict, (dict(super().items()),)

    def _note(self, *names: str) -> None:
        caller = sys._getframe(2).f_globals.get("__name__", "")  # noqa: SLF001 the only way to the caller that is quick
        if not caller.startswith(_OURS):  # which looks what a function wants, and that is part of the key
            self.asked.update(dict.fromkeys(names))
            for name in names:
                self.tell(name)

"""One seed for what code draws at random without saying from where. Standard library only.

The generators that libraries keep for the whole process are set before a step's code runs: `random`, NumPy's (which
scikit-learn uses where no ``random_state`` is given), PyTorch's. A library that is imported later is set as soon as it is.
XGBoost and LightGBM have a fixed seed of their own; ``context.seed`` is there for those who want to pass one.
Interpreters of other environments load this file too (`guest.py`), so it keeps to Python 3.9.
"""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_MOST = 2**32  # NumPy takes no larger seed


def _seed_numpy(module: Any, seed: int) -> None:
    module.random.seed(seed % _MOST)


def _seed_torch(module: Any, seed: int) -> None:
    module.manual_seed(seed)


SEEDED: dict[str, Callable[[Any, int], None]] = {
    "numpy": _seed_numpy,
    "torch": _seed_torch,
}
"""Libraries with a generator of their own for the whole process, and how it is set."""


def seed_all(seed: int) -> None:
    """Set every generator of this process, now or as soon as its library is imported."""
    random.seed(seed)
    for name, plant in SEEDED.items():
        module = sys.modules.get(name)
        if module is not None:
            with contextlib.suppress(AttributeError):  # something else of that name, or half imported
                plant(module, seed)
    _LATER.seed = seed
    if _LATER not in sys.meta_path and not all(name in sys.modules for name in SEEDED):
        sys.meta_path.insert(0, _LATER)


class _Later(MetaPathFinder):
    """Finds the libraries that are still to be seeded, by the finders behind it."""

    def __init__(self) -> None:
        self.seed = 0
        self._asked: set[str] = set()  # names whose spec we are asking the others for

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a library with a loader that seeds it; None for all other names."""
        del path, target
        if name not in SEEDED or name in self._asked:
            return None
        self._asked.add(name)
        try:
            spec = find_spec(name)
        finally:
            self._asked.discard(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _Seeding(spec.loader, name)
        return spec


class _Seeding(Loader):
    """A loader that seeds the module when it has been loaded."""

    def __init__(self, loader: Any, name: str) -> None:
        self._loader, self._name = loader, name

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Create the module as its own loader does."""
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        """Load the module, then seed it."""
        spec = module.__spec__
        if spec is not None:
            spec.loader = self._loader  # nobody else has to know
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        with contextlib.suppress(AttributeError):
            SEEDED[self._name](module, _LATER.seed)


_LATER = _Later()

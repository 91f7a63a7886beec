"""One seed for what code draws at random without saying from where. Standard library only.

The generators that libraries keep for the whole process are set before a step's code runs: `random`, NumPy's (which
scikit-learn uses where no ``random_state`` is given), PyTorch's. A library that is imported later is set as soon as it is.
XGBoost and LightGBM have a fixed seed of their own; ``context.seed`` is there for those who want to pass one.
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


def _seed_tensorflow(module: Any, seed: int) -> None:
    module.random.set_seed(seed)


SEEDED: dict[str, Callable[[Any, int], None]] = {
    "numpy": _seed_numpy,
    "torch": _seed_torch,
    "tensorflow": _seed_tensorflow,
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

    seed = 0
    _busy = False

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a library with a loader that seeds it; None for all other names."""
        del path, target
        if name not in SEEDED or self._busy:
            return None
        self._busy = True
        try:
            spec = find_spec(name)
        finally:
            self._busy = False
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

"""Data and results upstream, as a step's context shows them. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


class Datasets(Mapping[str, Any]):
    """The datasets that a step may see, by name; each is opened when it is looked up.

    Args:
        names: Their names.
        open_one: Opens one.
    """

    def __init__(self, names: tuple[str, ...], open_one: Callable[[str], Any]) -> None:
        self._names, self._open_one = names, open_one

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._open_one(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names  # without opening it

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<datasets: {', '.join(self._names) or 'none'}>"


@dataclass(frozen=True)
class StepResult:
    """What a step upstream came to.

    Attributes:
        step: Its name.
        metrics: The last value of each metric.
        params: The settings that it logged.
        outputs: The names of the datasets that it made.
    """

    step: str
    metrics: Mapping[str, float]
    params: Mapping[str, Any]
    outputs: tuple[str, ...]
    status: str = "passed"

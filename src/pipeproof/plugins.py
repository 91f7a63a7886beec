"""Names to objects by entry points, imported when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pipeproof.errors import ConfigError, Finding
from pipeproof.ports import StepKind

STEPS = "pipeproof.steps"


class Kinds(Mapping[str, StepKind]):
    """The step kinds that are installed, ours and third parties', by name.

    Looking a name up imports that kind alone. Aliases (`SnowparkQueryStep`) are resolved by
    `resolve`, which may have to import every kind to ask it for its aliases.
    """

    def __init__(self, extra: Mapping[str, StepKind] | None = None) -> None:
        self._loaded: dict[str, StepKind] = dict(extra or {})

    @cached_property
    def _points(self) -> Mapping[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=STEPS)}

    @cached_property
    def _aliases(self) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
        return {
            alias: (kind.name, implied) for kind in self.values() for alias, implied in kind.aliases.items()
        }

    def __getitem__(self, name: str) -> StepKind:
        if name not in self._loaded:
            self._loaded[name] = self._import(self._points[name])
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        yield from sorted({*self._loaded, *self._points})

    def __len__(self) -> int:
        return len({*self._loaded, *self._points})

    def resolve(self, name: str) -> tuple[str, Mapping[str, Any]] | None:
        """Return the kind a name or alias stands for and the config that the alias implies, or None."""
        if name in self:
            return name, {}
        return self._aliases.get(name)

    def known(self) -> tuple[str, ...]:
        """Return every name and alias that a user may write."""
        names = [name for name in self if not self[name].hidden]
        return (*names, *self._aliases)

    @staticmethod
    def _import(point: EntryPoint) -> StepKind:
        try:
            kind = point.load()
        except Exception as error:
            raise ConfigError(
                Finding(
                    "PPF116",
                    f"the step kind {point.name!r} cannot be imported from {point.value}: {error}",
                    fix="repair or uninstall the package that registers it",
                )
            ) from error
        if not isinstance(kind, StepKind):
            raise ConfigError(
                Finding(
                    "PPF116",
                    f"{point.value} registers step kind {point.name!r} but is no StepKind",
                    fix="let the entry point name a pipeproof.ports.StepKind",
                )
            )
        return kind

"""Names to objects by entry points, imported when they are asked for."""

from __future__ import annotations

import contextlib
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
    def _points(self) -> Mapping[str, tuple[EntryPoint, ...]]:
        points: dict[str, dict[str, EntryPoint]] = {}
        for point in entry_points(group=STEPS):
            # A package may be seen twice, as installed and on the path: that is one and the same.
            points.setdefault(point.name, {})[point.value] = point
        return {name: tuple(found.values()) for name, found in points.items()}

    @cached_property
    def _aliases(self) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
        return {
            alias: (kind.name, implied) for kind in self._usable() for alias, implied in kind.aliases.items()
        }

    def __getitem__(self, name: str) -> StepKind:
        if name not in self._loaded:
            self._loaded[name] = self._import(name, self._points[name])
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
        return (*(kind.name for kind in self._usable() if not kind.hidden), *self._aliases)

    def _usable(self) -> Iterator[StepKind]:
        """Yield the kinds that can be imported: one broken package must not stop pipelines that do not use it."""
        for name in self:
            with contextlib.suppress(ConfigError):
                yield self[name]

    @staticmethod
    def _import(name: str, points: tuple[EntryPoint, ...]) -> StepKind:
        if len(points) > 1:
            places = " and ".join(point.value for point in points)
            what = f"the step kind {name!r} is registered twice, by {places}"
            raise ConfigError(Finding("PPF116", what, fix="uninstall one of the packages"))
        point = points[0]
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

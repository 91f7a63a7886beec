"""Hooks: a person's functions that are called around a run and its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pipeproof.model.contract import frozen

Moment = Literal["before_run", "after_run", "before_step", "after_step", "on_failure"]
Effects = Literal["none", "external"]


@dataclass(frozen=True, slots=True)
class Hook:
    """A function or script that is called at a moment of a run.

    Attributes:
        function: ``file.py:function``, ``module:function``, or ``file.py`` for a script.
        arguments: Values of further parameters of the function.
        required: Whether its failure is one of the step or run; those before are, those after are not, unless given.
        effects: Whether it touches the world outside; a test runs only those that do not.
    """

    function: str
    arguments: Mapping[str, Any] = field(default_factory=frozen)
    required: bool | None = None
    effects: Effects = "external"


@dataclass(frozen=True, slots=True)
class Hooks:
    """The hooks of a pipeline: before and after the run and each of its steps, and once when a run has failed."""

    before_run: tuple[Hook, ...] = ()
    after_run: tuple[Hook, ...] = ()
    before_step: tuple[Hook, ...] = ()
    after_step: tuple[Hook, ...] = ()
    on_failure: tuple[Hook, ...] = ()

    def at(self, moment: Moment) -> tuple[Hook, ...]:
        """Return the hooks of a moment."""
        found: tuple[Hook, ...] = getattr(self, moment)
        return found


MOMENTS: tuple[Moment, ...] = ("before_run", "after_run", "before_step", "after_step", "on_failure")

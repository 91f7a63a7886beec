"""Hooks, from a file."""

from __future__ import annotations

from collections.abc import Iterable

from pipeproof.loading.spec import HookSpec, HooksSpec
from pipeproof.model.contract import frozen
from pipeproof.model.hook import MOMENTS, Hook, Hooks


def hooks_of(spec: HooksSpec) -> Hooks:
    """Return the hooks of a pipeline."""
    return Hooks(*(hook_list(getattr(spec, moment)) for moment in MOMENTS))


def hook_list(specs: Iterable[HookSpec]) -> tuple[Hook, ...]:
    """Return the hooks of one moment."""
    return tuple(Hook(one.function, frozen(one.arguments), one.required, one.effects) for one in specs)

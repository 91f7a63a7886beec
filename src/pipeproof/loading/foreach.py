"""What a step is done for, from its file."""

from __future__ import annotations

from pipeproof.loading.spec import ForeachSpec
from pipeproof.model.each import Each

_WAYS = ("items", "dataset", "table", "first")
_PAIRS = (("table", "by"), ("first", "last"))


def each_of(spec: ForeachSpec) -> Each:
    """Return what a step is done for."""
    return Each(
        tuple(spec.items) if isinstance(spec.items, list) else spec.items or (),
        spec.first,
        spec.dataset,
        spec.table,
        spec.last,
        spec.every,
        spec.by,
        spec.at_once,
        spec.column,
    )


def misfit_of(spec: ForeachSpec) -> str:
    """Return what is missing or too much in it, or ''; an empty list is a list too."""
    for one, other in _PAIRS:
        if bool(getattr(spec, one)) != bool(getattr(spec, other)):
            return f"needs both `{one}` and `{other}`"
    given = [way for way in _WAYS if getattr(spec, way) is not None and getattr(spec, way) != ""]
    if len(given) == 1:
        return ""
    return f"says what the items are in {len(given)} ways: {', '.join(given)}" if given else "has no items"

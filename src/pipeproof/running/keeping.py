"""What of a step's limits this host cannot keep in full; the record says it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from pipeproof.model.step import Isolation
from pipeproof.running import groups, watch

_EACH = f"holds for each process; what they use together is looked at every {watch.PAUSE:g} s"


def not_kept(limits: Mapping[str, Any], isolation: Isolation, *, by_engine: bool = False) -> Iterator[str]:
    """Yield what a limit does not mean here, one note each.

    Args:
        limits: Limits by name.
        isolation: Where the code runs.
        by_engine: Whether podman or docker keeps them.
    """
    asked = {name for name, value in limits.items() if value}
    if "disk" in asked:
        yield "disk: holds for each file, not for their sum"
    if sys.platform != "linux":
        yield from (
            f"{name}: not limited on this system" for name in ("memory", "processes", "cpus") if name in asked
        )
        return
    if by_engine:
        return
    outside = set() if isolation == "container" else set(groups.here())
    if "memory" in asked - outside:
        yield f"memory: {_EACH} (no control group is ours)"
    if "processes" in asked - outside:
        yield f"processes: looked at every {watch.PAUSE:g} s (no control group is ours)"

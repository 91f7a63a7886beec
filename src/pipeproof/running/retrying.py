"""Whether and when a failed attempt is followed by another one."""

from __future__ import annotations

import random

from pipeproof.model.outcome import Failure
from pipeproof.model.step import Retry, Step


def tries_again(step: Step, attempt: int, failure: Failure) -> bool:
    """Say whether a failed attempt is followed by another one.

    What touches the world outside may have done so before it failed; only a step that says it is
    idempotent does it twice.
    """
    if failure.kind == "interrupted" or attempt > step.retry.count:
        return False
    if step.effects == "external" and not step.idempotent:
        return False
    return step.retry.on == "any" or not failure.permanent


def pause_before(retry: Retry, attempt: int, seed: str) -> float:
    """Return the seconds to wait after failed attempt number `attempt` (from 1)."""
    try:
        longest: float = min(retry.longest, retry.first * retry.factor ** (attempt - 1))
    except OverflowError:  # after some hundred tries
        longest = retry.longest
    return random.Random(f"{seed}/{attempt}").uniform(0.0, longest)  # noqa: S311 jitter is no secret

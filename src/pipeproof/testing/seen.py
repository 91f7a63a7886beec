"""What trials showed, and how the same thing seen in several of them becomes one finding."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeproof.errors import Finding
from pipeproof.model.trial import Trial

UNKNOWN = "cause: unknown"
"""Evidence of what fails in the whole only, where the record does not show why."""
_SHOWN = 4  # cases that are named
_LISTED = 3  # of what single trials show


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding of one trial, with what makes it the same as that of another.

    Attributes:
        key: Equal for what is the same.
        finding: The finding.
        trial: The trial that showed it.
        about: What of it only this trial shows; all of these are told.
        always: Whether it counts although the step fails on ordinary data too.
    """

    key: Hashable
    finding: Finding
    trial: Trial
    about: str = ""
    always: bool = False


def merge(seen: Iterable[Seen], trials: Mapping[str, int], blamed: Sequence[Seen] = ()) -> Iterator[Finding]:
    """Yield each thing that was seen once, with the cases that show it.

    Args:
        seen: What was seen, in the order in which it is to be told.
        trials: Step → number of its trials.
        blamed: What trials of single columns showed.
    """
    groups: dict[Hashable, list[Seen]] = {}
    for item in seen:
        groups.setdefault(item.key, []).append(item)
    for item in blamed:  # one failure of all columns at once may hide another
        if item.key not in groups:
            groups[item.key] = [item]
    for key, group in groups.items():
        usual = sorted(
            (item for item in group if item.trial.case.scenario == "standard"),
            key=lambda item: UNKNOWN in item.finding.evidence,  # who fails alone too is the cause
        )
        culprits = [item for item in blamed if item.key == key] if not usual else []
        first = next(
            (item for item in (*culprits, *usual, *group) if item.finding.column), (usual or group)[0]
        )
        columns = list(dict.fromkeys(item.finding.column for item in culprits))
        also = f"the same with {', '.join(columns[1:])}" if len(columns) > 1 else ""
        told = "\n".join([*_about(group), _told(group, trials)])
        evidence = "\n".join(part for part in (first.finding.evidence, also, told) if part)
        yield replace(first.finding, evidence=evidence)


def _about(group: Sequence[Seen]) -> Iterator[str]:
    """Yield what single trials of a group show."""
    shown = list(dict.fromkeys(item.about for item in group if item.about))
    yield from shown[:_LISTED]
    if len(shown) > _LISTED:
        yield f"and {len(shown) - _LISTED} more"


def _told(group: Sequence[Seen], trials: Mapping[str, int]) -> str:
    """Say which cases show it, of how many that its step was tried with."""
    alone = list(dict.fromkeys(item.trial for item in group if item.trial.mode == "isolation"))
    parts = []
    if alone:
        named = list(dict.fromkeys(trial.case.says or trial.case.name for trial in alone))
        more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
        usual = any(trial.case.scenario == "standard" for trial in alone)
        shown = ", ".join(named[:_SHOWN]) + more
        shown = "ordinary data" if usual else "bad data" if any(item.about for item in group) else shown
        parts.append(f"{shown} ({len(alone)} of {trials.get(alone[0].step, 0)} scenarios)")
    if any(item.trial.mode == "pipeline" for item in group):
        parts.append("the whole pipeline")
    return f"seen with {' and '.join(parts)}" if alone else f"seen in {parts[0]}"

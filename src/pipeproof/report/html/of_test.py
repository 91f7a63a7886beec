"""The page of a test, from its document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeproof.report.html.markup import cut, plain, short
from pipeproof.report.html.view import (
    LINE,
    NAME,
    WHAT,
    EdgeRow,
    FailureRow,
    Figure,
    Page,
    Problem,
    StepRow,
    TrialRow,
    frames_of,
    problem,
    said,
)
from pipeproof.report.quantities import count, seconds

_MOST_NAMES = 4
_NUMBER = re.compile(r"\d+")


def page_of_test(document: Mapping[str, Any]) -> Page:
    """Return what the page of a ``pipeproof.test/1`` document shows."""
    name = short(document["test"], NAME)
    return Page(
        "pipeproof test",
        short(document["pipeline"], NAME),
        name,
        "passed" if document["passed"] else "failed",
        _sentence(document),
        document["started_at"] or "",
        tuple(_figures(document)),
        tuple(_problems(document)),
        tuple(map(_trial, document["trials"])),
        tuple(map(_edge, document["edges"])),
        tuple(map(_step, document["steps"])),
        tuple(_failures(document["failures"], name)),
        tuple(cut(note, WHAT) for note in document["notes"]),
    )


def _sentence(document: Mapping[str, Any]) -> str:
    counts = document["counts"]
    ran = sum(counts["trials"].values()) - counts["trials"]["skipped"]
    if document["passed"]:
        return (
            f"Nothing wrong was found: {count(ran, 'trial')} ended as they should, "
            f"and {count(counts['checks'], 'check')} held."
        )
    if not counts["findings"]["error"]:
        return "Nothing was checked, and nothing checked is no pass."
    errors = [one for one in document["findings"] if one["severity"] == "error"]
    steps = list(dict.fromkeys(short(one["step"], NAME) for one in errors if one["step"]))
    where = f" in {_listed(steps)}" if steps else ""
    told = f"{count(len(errors), 'problem')}{where}."
    return f"{told} {counts['trials']['failed']:,} of {count(ran, 'trial')} did not end as they should."


def _listed(names: Sequence[str]) -> str:
    if len(names) > _MOST_NAMES:
        return count(len(names), "step")
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _figures(document: Mapping[str, Any]) -> Iterator[Figure]:
    counts = document["counts"]
    errors, warnings = counts["findings"]["error"], counts["findings"]["warning"]
    broken = sum(edge["seen"] == "broken" or edge["fit"] == "differs" for edge in document["edges"])
    yield Figure(f"{errors:,}", "problem" if errors == 1 else "problems", "bad" if errors else "good")
    if warnings:
        yield Figure(f"{warnings:,}", "warning" if warnings == 1 else "warnings", "warn")
    yield Figure(f"{sum(counts['trials'].values()) - counts['skipped']:,}", "trials")
    yield Figure(f"{counts['checks']:,}", "checks")
    yield Figure(f"{counts['skipped']:,}", "skipped")
    yield Figure(f"{broken} of {len(document['edges'])}", "edges broken", "bad" if broken else "")
    yield Figure(seconds(document["seconds"] or 0.0), "wall time")


def _problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    frames = frames_of([one["failure"] for one in document["failures"]])
    causes = {one["trial"]: one["cause"] for one in document["failures"] if one["cause"]}
    for at, finding in enumerate(document["findings"]):
        trials = [trial["name"] for trial in document["trials"] if at in trial["findings"]]
        known = (causes[trial] for trial in trials if trial in causes)
        same = (one["what"] for one in known if one["column"] == finding["column"])  # no other fault's cause
        cause = next((what for what in same if what != finding["what"]), "")
        yield problem(finding, frames, cause=cause, seen_in=trials)


def _trial(trial: Mapping[str, Any]) -> TrialRow:
    return TrialRow(
        short(trial["step"], NAME) if trial["mode"] == "isolation" else "",
        trial["scenario"],
        short(trial["says"] or trial["case"], NAME),
        trial["status"],
        short(trial["why"], LINE),
        tuple(trial["findings"]),
    )


def _edge(edge: Mapping[str, Any]) -> EdgeRow:
    maker, reader, dataset = (short(edge[key], NAME) for key in ("maker", "reader", "dataset"))
    return EdgeRow(maker, reader, dataset, edge["fit"], edge["seen"], edge["rows"], edge["quality"])


def _step(step: Mapping[str, Any]) -> StepRow:
    return StepRow(
        short(step["name"], NAME),
        step["kind"],
        step["status"],
        short(step["why"], LINE),
        tuple(short(need, NAME) for need in step["needs"]),
        step["offset_seconds"],
        step["seconds"],
        step["memory_bytes"],
        step["rows_in"],
        step["rows_out"],
        step["bytes_in"],
        step["bytes_out"],
        step["quality"],
    )


def _failures(failures: Sequence[Mapping[str, Any]], test: str) -> Iterator[FailureRow]:
    """Yield what failed, once where a step failed in the same way in several trials; numbers may differ."""
    same: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for one in failures:
        same.setdefault((one["step"], _NUMBER.sub("0", said(one["failure"]))), []).append(one)
    for alike in same.values():
        yield _failure(alike[0], len(alike) - 1, test)


def _failure(one: Mapping[str, Any], more: int, test: str) -> FailureRow:
    failure = one["failure"]
    trial, step = short(one["trial"], NAME), short(one["step"], NAME)
    others = f" and {count(more, 'more trial')}" if more else ""
    return FailureRow(
        f"{step} in {trial}{others}",
        said(failure),
        plain(failure["traceback"]) if failure else "",
        plain(one["log"]),
        f"pipeproof logs {test} {trial}/{step}",
    )

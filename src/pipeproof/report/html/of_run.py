"""The page of an ordinary run, from its document: the same page, with what there is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeproof.codes.classes import class_of
from pipeproof.report.html.markup import cut, plain, short
from pipeproof.report.html.view import (
    LINE,
    NAME,
    SOURCES,
    WHAT,
    EdgeRow,
    FailureRow,
    Figure,
    Page,
    Problem,
    StepRow,
    frames_of,
    problem,
    said,
)
from pipeproof.report.made_with import made_with
from pipeproof.report.quantities import count, number, seconds, size

_MOST_METRICS = 4


def page_of_run(document: Mapping[str, Any]) -> Page:
    """Return what the page of a ``pipeproof.run/1`` document shows."""
    steps = document["steps"]
    made = {name: (step["name"], one) for step in steps for name, one in step["outputs"].items()}
    run = short(document["run"], NAME)
    return Page(
        "pipeproof run",
        short(document["pipeline"], NAME),
        run,
        document["status"],
        _sentence(document),
        document["started_at"] or "",
        tuple(_figures(document)),
        tuple(_problems(steps)),
        (),
        tuple(_edges(steps, made)),
        tuple(_steps(document, made)),
        tuple(_failure(step, run) for step in steps if step["failure"]),
        tuple(cut(note, WHAT) for note in _notes(document)),
        {
            short(str(name), NAME): short(str(value), LINE)
            for name, value in (document["parameters"] | _told(document["about"])).items()
        },
    )


def _told(about: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is known of a run's surroundings, with one line for what has several parts."""
    bare = {name: value for name, value in about.items() if name not in {"git", "packages"}}
    return bare | ({"made with": made_with(about)} if len(bare) < len(about) else {})


def _having(document: Mapping[str, Any], *statuses: str) -> list[str]:
    return [short(step["name"], NAME) for step in document["steps"] if step["status"] in statuses]


def _sentence(document: Mapping[str, Any]) -> str:
    failed, blocked = _having(document, "failed"), _having(document, "blocked")
    if document["status"] == "passed":
        reused = len(_having(document, "reused"))
        sources = sum(step["kind"] in SOURCES for step in document["steps"])
        without = len(failed) + len(_having(document, "skipped"))
        steps = count(len(document["steps"]) - sources - without, "step")
        done = f"{steps} and {count(sources, 'source')}" if sources else steps
        told = f"{done} ended well{f', {reused:,} of them reused' if reused else ''}."
        return f"{told}{''.join(_not_run(document))}"
    if failed:
        after = f" {count(len(blocked), 'step')} after it could not run." if blocked else ""
        return f"{', '.join(failed[:_MOST_METRICS])} failed.{after}"
    return "The run was stopped." if document["status"] == "interrupted" else "The run has not ended."


def _not_run(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a run that passed did without."""
    excused, skipped = _having(document, "failed"), len(_having(document, "skipped"))
    if excused:
        yield f" {', '.join(excused[:_MOST_METRICS])} failed, and the run went on."
    if skipped:
        yield f" {count(skipped, 'step')} skipped."


def _figures(document: Mapping[str, Any]) -> Iterator[Figure]:
    failed = sum(step["status"] == "failed" and not step["excuse"] for step in document["steps"])
    blocked = len(_having(document, "blocked"))
    rules = sum(one["rules"] for step in document["steps"] for one in step["checked"])
    yield Figure(f"{failed:,}", "failed", "bad" if failed else "good")
    yield Figure(f"{blocked:,}", "blocked")
    own = sum(step["kind"] not in SOURCES for step in document["steps"])
    yield Figure(f"{own:,}", "step" if own == 1 else "steps")
    yield Figure(f"{rules:,}", "checks")
    memory = max((step["memory_bytes"] or 0 for step in document["steps"]), default=0)
    if memory:
        yield Figure(size(memory), "most memory")
    yield Figure(seconds(document["seconds"] or 0.0), "wall time")


def _problems(steps: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    frames = frames_of([step["failure"] for step in steps])
    for step in steps:
        cause = step["cause"]["what"] if step["cause"] else ""
        errors = [one for one in step["findings"] if one["severity"] == "error"]
        if step["failure"] and not errors:
            severity = "warning" if step["excuse"] else "error"
            yield problem({**_as_finding(step), "severity": severity}, frames, cause=cause)
        for finding in step["findings"]:
            yield problem(
                {**finding, "step": finding["step"] or step["name"]},
                frames,
                cause=cause if finding in errors else "",
            )


def _as_finding(step: Mapping[str, Any]) -> dict[str, Any]:
    """Return the failure of a step as a finding: its place is the last line of the user's own."""
    failure, cause = step["failure"], step["cause"]
    last = failure["frames"][-1] if failure["frames"] else None
    return {
        "code": failure["code"],
        "class": class_of(failure["code"]),
        "severity": "error",
        "what": f"{step['name']} failed: {said(failure)}",
        "where": {"file": last["file"], "line": last["line"], "column": 0} if last else None,
        "step": step["name"],
        "edge": cause["edge"] if cause else None,
        "dataset": cause["dataset"] if cause else "",
        "column": cause["column"] if cause else "",
        "evidence": failure["message"].partition("\n")[2],
        "fix": (cause["fix"] if cause else "") or failure["fix"],
    }


def _edges(
    steps: Sequence[Mapping[str, Any]], made: Mapping[str, tuple[str, Mapping[str, Any]]]
) -> Iterator[EdgeRow]:
    for step in steps:
        for dataset in step["reads"]:
            if dataset in made:
                maker, artifact = made[dataset]
                seen = _seen(step, maker, dataset)
                reader = short(step["name"], NAME)
                yield EdgeRow(
                    short(maker, NAME), reader, short(dataset, NAME), "unknown", seen, artifact["rows"]
                )


def _seen(step: Mapping[str, Any], maker: str, dataset: str) -> str:
    """Say whether data held against what their reader asks: only where something was asked."""
    errors = [one for one in step["findings"] if one["severity"] == "error"]
    if any(one["edge"] == [maker, step["name"]] for one in errors):
        return "broken"
    asked = any(
        one["dataset"] == dataset and one["side"] == "input" and one["rules"] for one in step["checked"]
    )
    return "holds" if asked else "unchecked"


def _steps(
    document: Mapping[str, Any], made: Mapping[str, tuple[str, Mapping[str, Any]]]
) -> Iterator[StepRow]:
    begun = [_instant(step["started_at"]) for step in document["steps"] if step["started_at"]]
    for step in document["steps"]:
        read = [made[name][1]["size_bytes"] for name in step["reads"] if name in made]
        outputs = [one["size_bytes"] for one in step["outputs"].values()]
        offset = _instant(step["started_at"]) - min(begun) if step["started_at"] else None
        yield StepRow(
            short(step["name"], NAME),
            step["kind"],
            "excused" if step["excuse"] else step["status"],
            short(step["excuse"] or step["why"], LINE),
            # The hooks of the run wait for all of it: in a picture that would be all that is seen.
            () if step["name"].startswith("run@") else tuple(short(need, NAME) for need in step["needs"]),
            offset,
            step["seconds"],
            step["memory_bytes"],
            step["rows_in"],
            step["rows_out"],
            sum(read) if read else None,
            sum(outputs) if outputs else None,
        )


def _metrics(step: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    known = [(name, value) for name, value in step["metrics"].items() if value is not None]
    for name, value in known[:_MOST_METRICS]:
        yield short(name, NAME), value


def _notes(document: Mapping[str, Any]) -> Iterator[str]:
    yield from document["notes"]
    for step in document["steps"]:
        yield from (f"{step['name']}: {note}" for note in step["notes"])
        shown = ", ".join(f"{name} {number(value)}" for name, value in _metrics(step))
        if shown:
            yield f"{step['name']} measured {shown}"


def _failure(step: Mapping[str, Any], run: str) -> FailureRow:
    name = short(step["name"], NAME)
    return FailureRow(
        name, said(step["failure"]), plain(step["failure"]["traceback"]), "", f"pipeproof logs {run} {name}"
    )


def _instant(text: str) -> float:
    return dt.datetime.fromisoformat(text).timestamp()

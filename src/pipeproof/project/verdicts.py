"""The verdicts on past tests, each in a file beside the logs of its run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pipeproof.errors import Finding, UsageError
from pipeproof.formats.replacing import replacing
from pipeproof.model.codec import from_plain, to_plain
from pipeproof.model.record import RunRecord
from pipeproof.model.trial import Verdict
from pipeproof.project.place import Project

NARROWS = "tells which columns are to blame in "
"""How the note of a run begins that narrows down what another test found."""
_FILE = "verdict.json"


def keep_verdict(project: Project, verdict: Verdict) -> None:
    """Keep a verdict, whole or not at all."""
    with replacing(_place(project, verdict.test)) as file:
        file.write_text(json.dumps(to_plain(verdict)), "utf-8")


def verdicts(project: Project) -> Iterator[tuple[RunRecord, Verdict]]:
    """Yield the past tests of a project that came to a verdict, newest first."""
    for record in project.records():
        if record.trials and _place(project, record.run).is_file():
            yield record, verdict_of(project, record)


def verdict_of(project: Project, record: RunRecord) -> Verdict:
    """Return the verdict on a past test.

    Raises:
        UsageError: It has none (yet), or it only narrowed down what another test found.
    """
    place = _place(project, record.run)
    if place.is_file():
        verdict: Verdict = from_plain(Verdict, json.loads(place.read_text("utf-8")))
        return verdict
    for note in record.notes:
        if note.startswith(NARROWS):
            what = f"{record.run} has no verdict of its own: it {note}"
            raise UsageError(
                Finding("PPF504", what, fix=f"write: pipeproof show {note.removeprefix(NARROWS)}")
            )
    what = f"the test {record.run} has no verdict: it still goes on, or was killed before its end"
    raise UsageError(Finding("PPF504", what, fix=f"test again: pipeproof test {record.pipeline}"))


def _place(project: Project, test: str) -> Path:
    return project.state / "runs" / test / _FILE

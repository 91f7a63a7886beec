"""Why a step failed when the reason lies upstream: read from the record alone, nothing is run.

A step that asks for a column that its inputs do not have is often not the one to blame. This walks
from the failed step towards the sources and names the step that had the column and did not pass it
on. Where the record does not show it, nothing is said: a guess would send people the wrong way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pipeproof.errors import Finding, closest
from pipeproof.model.artifact import Artifact
from pipeproof.model.outcome import Failure
from pipeproof.model.record import RunRecord, StepRecord

_QUOTED = re.compile(r"""(['"])((?:(?!\1).)+)\1""")
_LOOKUPS = frozenset({"KeyError", "ColumnNotFoundError", "BinderException", "AttributeError", "ValueError"})
_PATTERNS = {
    "KeyError": (r"^'([^']+)'$", r'^"([^"]+)"$', r"(\[.+?\]) not (?:in index|found in axis)", r"^(\[.+\])$"),
    "ColumnNotFoundError": (r'unable to find column "([^"]+)"', r'^"([^"]+)" not found'),
    "BinderException": (
        r'Referenced column "([^"]+)" not found',
        r'does not have a column named "([^"]+)"',
    ),
    "AttributeError": (r"'DataFrame' object has no attribute '([^']+)'",),
    "ValueError": (r"columns expected but not found: (\[.+?\])",),
}
# What pandas says when it finds none of the columns of a list.
_NONE_OF = re.compile(r"None of \[Index\((\[.+?\]),")
_ENGINES = ("/pandas/", "/polars/", "/pyarrow/", "/duckdb/")


@dataclass(frozen=True)
class _Flow:
    """Who made what in a run, as far as its record says."""

    record: RunRecord

    @cached_property
    def made(self) -> Mapping[str, tuple[StepRecord, Artifact]]:
        return {
            dataset: (step, artifact)
            for step in self.record.steps.values()
            for dataset, artifact in step.outputs.items()
        }

    def tables(self, step: StepRecord) -> dict[str, tuple[StepRecord, Artifact]]:
        """Return the tables that a step read, each with its maker."""
        found = {name: self.made[name] for name in step.reads if name in self.made}
        return {name: pair for name, pair in found.items() if pair[1].kind == "table"}


def find_cause(step: StepRecord, record: RunRecord) -> Finding | None:
    """Return what upstream made a step fail, or None when the record does not show it."""
    failure = step.failure
    if failure is None or step.status != "failed":
        return None
    flow = _Flow(record)
    if failure.kind == "contract":
        return next(filter(None, (_of_contract(finding, step, flow) for finding in step.findings)), None)
    tables = flow.tables(step)
    for column in asked_for(failure):
        if any(column in _columns(artifact) for _, artifact in tables.values()):
            continue  # an input has it: the code looked elsewhere, and the record cannot say where
        cause = next(filter(None, (_dropped(column, name, step, flow) for name in tables)), None)
        if cause is None and tables and _about_tables(failure):
            cause = _never_there(column, list(tables), step, flow)
        if cause is not None:
            return cause
    return None


def asked_for(failure: Failure) -> tuple[str, ...]:
    """Return the columns that an error message says are missing, in its order."""
    if failure.type not in _LOOKUPS:
        return ()
    text = failure.message
    if failure.type == "KeyError":  # its text is the repr of the message: take one pair of quotes off
        text = text[1:-1] if text[:2] in {'"[', '"N'} else text
        if match := _NONE_OF.search(text):
            return _names(match[1])
    for pattern in _PATTERNS[failure.type]:
        if match := re.search(pattern, text):
            return _names(match[1])
    return ()


def _names(text: str) -> tuple[str, ...]:
    return tuple(match[2] for match in _QUOTED.finditer(text)) if text.startswith("[") else (text,)


def _about_tables(failure: Failure) -> bool:
    """Say whether the error came from a table library, and not from a dict of the user's."""
    return failure.type not in {"KeyError", "AttributeError", "ValueError"} or any(
        engine in failure.traceback for engine in _ENGINES
    )


def _columns(artifact: Artifact) -> tuple[str, ...]:
    return tuple(name for name, _ in artifact.columns)


def _upstream(dataset: str, flow: _Flow) -> Iterator[tuple[str, StepRecord, Artifact]]:
    """Yield a dataset and all it was made from, nearest first, each with its maker."""
    waiting, seen = [dataset], {dataset}
    while waiting:
        name = waiting.pop(0)
        if name not in flow.made:
            continue
        maker, artifact = flow.made[name]
        yield name, maker, artifact
        following = [read for read in maker.reads if read not in seen]
        seen.update(following)
        waiting += following


def _dropped(column: str, dataset: str, reader: StepRecord, flow: _Flow) -> Finding | None:
    """Find the step that read a column and made, without it, what the reader got."""
    for name, maker, artifact in _upstream(dataset, flow):
        had = {read: _columns(table) for read, (_, table) in flow.tables(maker).items()}
        if artifact.kind == "table" and any(column in columns for columns in had.values()):
            new = [
                other for other in _columns(artifact) if not any(other in columns for columns in had.values())
            ]
            return _drop_finding(column, name, maker, reader, new)
    return None


def _drop_finding(
    column: str, dataset: str, maker: StepRecord, reader: StepRecord, new: Iterable[str]
) -> Finding:
    like = closest(column, new)
    if like:
        what = f"{maker.name} dropped the column {column}: it wrote {like}"
        fix = f"keep {column} in {maker.name}, or use {like} in {reader.name}"
    else:
        what = f"{maker.name} read the column {column} and did not write it to {dataset}"
        fix = f"keep {column} in {maker.name}, or do without it in {reader.name}"
    return Finding("PPF312", what, step=maker.name, edge=(maker.name, reader.name), column=column, fix=fix)


def _never_there(column: str, inputs: list[str], reader: StepRecord, flow: _Flow) -> Finding | None:
    known = dict.fromkeys(name for read in inputs for name in _columns(flow.made[read][1]))
    if not known:
        return None
    like = closest(column, known)
    shown = ", ".join(inputs)
    what = f"no column {column} in {shown}, nor in anything upstream"
    fix = (
        f"did you mean {like!r}?"
        if like
        else f"{shown} has: {', '.join(list(known)[:12])}{', ...' if len(known) > 12 else ''}"  # noqa: PLR2004 a line stays short
    )
    return Finding("PPF313", what, step=reader.name, column=column, fix=fix)


def _of_contract(finding: Finding, step: StepRecord, flow: _Flow) -> Finding | None:
    """Blame the writer of what a reader's contract refused."""
    dataset = finding.edge[0] if finding.edge and finding.edge[1] == step.name else ""
    if finding.severity != "error" or dataset not in flow.made:
        return None
    if finding.code == "PPF301":
        return _dropped(finding.column, dataset, step, flow) or _never_there(
            finding.column, [dataset], step, flow
        )
    origin = _first_with(finding.column, dataset, flow)
    if origin is None:
        return None
    name, maker = origin
    about = f" for {finding.column}" if finding.column else ""
    if maker.kind == "source":
        what = f"the source {maker.name} holds it so, and nothing upstream changes it"
        fix = f"mend the data, or let a step before {step.name} clean them"
    else:
        what = f"{maker.name} wrote {name} so, and its own contract allows it"
        fix = f"mend {maker.name}, and promise the same rule{about} in its contract"
    return Finding(
        "PPF314", what, step=maker.name, edge=(maker.name, step.name), column=finding.column, fix=fix
    )


def _first_with(column: str, dataset: str, flow: _Flow) -> tuple[str, StepRecord] | None:
    """Return where the values of a column come from: the furthest unbroken line of its name and type."""
    name, (maker, artifact) = dataset, flow.made[dataset]
    kind = dict(artifact.columns).get(column)
    while column:
        before = [
            (read, pair)
            for read, pair in flow.tables(maker).items()
            if dict(pair[1].columns).get(column) == kind
        ]
        if kind is None or len(before) != 1:
            break  # made here, or joined from several: this step is the one to look at
        if before[0][1][1].rows != artifact.rows:
            break  # other rows: this step chose or made them
        name, (maker, artifact) = before[0]
    return name, maker

"""What a page shows, whatever document it is made from: plain values, every text already of a length to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeproof.codes import CODES
from pipeproof.model.contract import frozen
from pipeproof.report.html.markup import cut, plain, short
from pipeproof.report.text import shorten_text

NAME = 80
LINE = 200
WHAT = 800
EVIDENCE = 2_000
_SEEN = "seen "  # how a judge begins the line of evidence that says with what data
SOURCES = frozenset({"source", "synthetic"})


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the verdict: its value, what it counts, and whether it is bad news."""

    value: str
    says: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding as a page shows it.

    Attributes:
        place: ``file:line:column``.
        source: The line of code at that place, where a failure shows it, and its number.
        edge: From whom to whom the data went.
        cause: What upstream made it so.
        seen: With what data it was seen.
        seen_in: Names of the trials that showed it.
        command: What to type to see more.
        kind: What kind of trouble it is: code, schema, environment, ...
        dataset: The data that it is about.
    """

    code: str
    severity: str
    what: str
    place: str = ""
    source: tuple[int, str] | None = None
    step: str = ""
    edge: tuple[str, str] | None = None
    column: str = ""
    evidence: str = ""
    cause: str = ""
    fix: str = ""
    seen: str = ""
    seen_in: tuple[str, ...] = ()
    command: str = ""
    kind: str = ""
    dataset: str = ""

    @property
    def title(self) -> str:
        """What its code stands for."""
        return CODES[self.code].title if self.code in CODES else ""

    @property
    def why(self) -> str:
        """Why that is wrong."""
        return CODES[self.code].why if self.code in CODES else ""


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step with what it took, read and made; None is not known."""

    name: str
    kind: str
    status: str
    why: str = ""
    needs: tuple[str, ...] = ()
    offset: float | None = None
    seconds: float | None = None
    memory: int | None = None
    rows_in: int | None = None
    rows_out: int | None = None
    bytes_in: int | None = None
    bytes_out: int | None = None
    quality: float | None = None

    @property
    def is_source(self) -> bool:
        """Whether it brings data in, which no user wrote."""
        return self.kind in SOURCES


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """A dataset on its way from who makes it to who reads it."""

    maker: str
    reader: str
    dataset: str
    fit: str
    seen: str
    rows: int | None = None
    quality: float | None = None

    @property
    def state(self) -> str:
        """The worse of what the contracts and the data say."""
        if self.seen == "broken":
            return "broken"
        return "differs" if self.fit == "differs" else self.seen


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One trial: where it belongs in the matrix, and what came of it."""

    step: str
    scenario: str
    says: str
    status: str
    why: str = ""
    findings: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FailureRow:
    """A step that failed, with what it printed."""

    title: str
    message: str
    traceback: str = ""
    log: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A box of the graph."""

    name: str
    state: str
    says: str = ""
    is_source: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """All that a page shows, from the most to the least important."""

    command: str
    pipeline: str
    name: str
    status: str
    sentence: str
    started_at: str
    figures: tuple[Figure, ...] = ()
    problems: tuple[Problem, ...] = ()
    trials: tuple[TrialRow, ...] = ()
    edges: tuple[EdgeRow, ...] = ()
    steps: tuple[StepRow, ...] = ()
    failures: tuple[FailureRow, ...] = ()
    notes: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=frozen)


def problem(
    finding: Mapping[str, Any],
    frames: Mapping[tuple[str, int], str],
    *,
    cause: str = "",
    seen_in: Sequence[str] = (),
) -> Problem:
    """Return a finding of a document as a page shows it.

    Args:
        finding: The finding.
        frames: (file, line) → code, of all failures that are known.
        cause: What upstream made it so.
        seen_in: Names of the trials that showed it.
    """
    where = finding["where"]
    code = frames.get((where["file"], where["line"]), "") if where else ""
    edge = finding["edge"]
    shows, seen = _evidence(plain(finding["evidence"]), code)
    return Problem(
        finding["code"],
        finding["severity"],
        cut(finding["what"], WHAT),
        place(where),
        (where["line"], short(code, LINE)) if code else None,
        short(finding["step"], NAME),
        None if edge is None else (short(edge[0], NAME), short(edge[1], NAME)),
        short(finding["column"], NAME),
        cut(shows, EVIDENCE),
        cut(cause, WHAT),
        cut(finding["fix"], WHAT),
        short(seen, LINE),
        tuple(short(name, NAME) for name in seen_in),
        f"pipeproof help {short(finding['code'], NAME)}",
        short(finding["class"], NAME),
        short(finding["dataset"], NAME),
    )


def _evidence(text: str, code: str) -> tuple[str, str]:
    """Return what shows a finding, and with what data it was seen; the line of code stands at its place already."""
    lines = [line for line in text.splitlines() if not code or line.strip() != code.strip()]
    seen = [line.removeprefix(_SEEN) for line in lines if line.startswith(_SEEN)]
    return "\n".join(line for line in lines if not line.startswith(_SEEN)), " · ".join(seen)


def place(where: Mapping[str, Any] | None) -> str:
    """Return a place of a document as text, its file relative to the current folder when it lies below."""
    if where is None:
        return ""
    numbers = (str(where[key]) for key in ("line", "column") if where[key])
    return ":".join([short(shorten_text(where["file"]), LINE), *numbers])


def frames_of(failures: Sequence[Mapping[str, Any] | None]) -> dict[tuple[str, int], str]:
    """Return the lines of code that failures show: (file, line) → code."""
    return {
        (frame["file"], frame["line"]): frame["text"]
        for failure in failures
        if failure is not None
        for frame in failure["frames"]
        if frame["text"]
    }


def said(failure: Mapping[str, Any] | None) -> str:
    """Return what ended a step in one line."""
    if failure is None:
        return "failed"
    first = (failure["message"].splitlines() or [""])[0]
    return short(": ".join(part for part in (failure["type"], first) if part) or failure["kind"], LINE)


def nodes(page: Page) -> tuple[Node, ...]:
    """Return the boxes of the graph: every step and source, in the worst state that is known of it."""
    faults = {one.step: one.severity for one in reversed(page.problems) if one.severity != "note"}
    told = {step.name: step for step in page.steps}
    parties = (name for edge in page.edges for name in (edge.maker, edge.reader))
    names = dict.fromkeys((*told, *parties, *(trial.step for trial in page.trials if trial.step)))
    return tuple(_node(name, told.get(name), faults.get(name, "")) for name in names)


def _node(name: str, step: StepRow | None, fault: str) -> Node:
    status = step.status if step else "unknown"
    state = "failed" if fault == "error" else "warning" if fault and status == "passed" else status
    if step is None:
        return Node(name, state)
    rows = "" if step.rows_out is None else f"{step.rows_out:,} rows"
    if step.is_source:  # its shape says what it is
        return Node(name, state, rows or "source", is_source=True)
    return Node(name, state, " · ".join(part for part in (step.kind, rows) if part))

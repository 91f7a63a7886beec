"""What each step took, read and made: the timeline, the table, and quality after each step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeproof.report.html.markup import Content, Markup, element
from pipeproof.report.html.parts import Cell, bar, mark, more_than, section, table, tone_of
from pipeproof.report.html.view import Page, StepRow
from pipeproof.report.quantities import seconds, size

MOST = 200
_MOST_REASONS = 20
_MOST_NAMES = 12
_LOWEST_QUALITY = 0.9  # below, a bar is drawn as bad news


def draw_timeline(page: Page) -> Markup | None:
    """Return when each step began and ended; nothing when none did."""
    rows = [step for step in page.steps if step.offset is not None and step.seconds is not None]
    if not rows:
        return None
    unit, parts = _axis(max(map(_ended, rows)))
    ticks = [element("span", _clock(at * unit)) for at in range(parts)]
    head = element(
        "tr",
        element("th", "Step", scope="col"),
        element("th", element("div", ticks, class_="axis"), scope="col"),
        element("th", "Took", scope="col", class_="n"),
    )
    grid = element(
        "table",
        element("caption", "When each step ran, in seconds from the first", class_="heard"),
        element("thead", head),
        element("tbody", [_lane(step, unit, parts) for step in rows[:MOST]]),
        class_="timeline",
    )
    says = (
        "The steps of the trial of the whole pipeline; other trials ran in the gaps." if page.trials else ""
    )
    return section("timeline", "Timeline", grid, more_than(MOST, len(rows), "steps"), says=says)


def _ended(step: StepRow) -> float:
    return (step.offset or 0.0) + (step.seconds or 0.0)


def _axis(end: float) -> tuple[float, int]:
    """Return a round unit of time, and how many of them reach the end: two to five."""
    raw = max(end, 0.001) / 4
    power = 10.0 ** math.floor(math.log10(raw))
    unit = next(power * times for times in (1, 2, 2.5, 5, 10) if power * times >= raw * 0.999)
    return unit, max(1, math.ceil(end / unit))


def _clock(at: float) -> str:
    return f"{at:g} s" if at < 120 else seconds(at)  # noqa: PLR2004 two minutes: as people say it


def _lane(step: StepRow, unit: float, parts: int) -> Markup:
    scale = 1000 / (unit * parts)
    lines = [
        element("line", x1=round(1000 * at / parts), x2=round(1000 * at / parts), y1=0, y2=16)
        for at in range(parts)
    ]
    begins, took = (step.offset or 0.0) * scale, (step.seconds or 0.0) * scale
    box = element(
        "rect",
        x=round(min(begins, 997), 1),
        y=3,
        width=round(max(took, 3), 1),
        height=10,
        class_=f"fill {tone_of(step.status)}",
    )
    said = f"{step.name}: began after {seconds(step.offset or 0.0)}, took {seconds(step.seconds or 0.0)}"
    drawn = element(
        "svg",
        element("title", said),
        lines,
        box,
        viewBox="0 0 1000 16",
        preserveAspectRatio="none",
        role="img",
    )
    took_text = element("td", seconds(step.seconds or 0.0), class_="n")
    return element("tr", element("th", _named(step), scope="row"), element("td", drawn), took_text)


def _named(step: StepRow) -> list[Content]:
    return [mark(step.status), " ", element("bdi", step.name)]


def draw_table(page: Page) -> Markup | None:
    """Return time, memory, rows and bytes by step, each with a bar against the most of all."""
    if not page.steps:
        return None
    most = _Most(
        max((step.seconds or 0.0 for step in page.steps), default=0.0),
        max((step.memory or 0 for step in page.steps), default=0),
        max((step.bytes_out or 0 for step in page.steps), default=0),
    )
    heads = [
        ("Step", False),
        ("Kind", False),
        ("Time", True),
        ("Memory", True),
        ("Rows in", True),
        ("Rows out", True),
        ("Bytes in", True),
        ("Bytes out", True),
    ]
    grid = table(
        "Time, memory, rows and bytes by step",
        heads,
        (list(_cells(step, most)) for step in page.steps[:MOST]),
    )
    says = "Memory is the peak above what the process had at its start; bytes are as stored."
    return section(
        "steps",
        "Steps",
        grid,
        _not_run(page.steps),
        more_than(MOST, len(page.steps), "steps"),
        says=says,
    )


def _not_run(steps: Sequence[StepRow]) -> Markup | None:
    """Return why steps did not run, those of one reason together."""
    together: dict[tuple[str, str], list[str]] = {}
    for step in steps:
        if step.why and step.status in {"blocked", "skipped", "excused"}:
            together.setdefault((step.status, step.why), []).append(step.name)
    items = [
        element("li", f"{status}: {_listed(names)} ({why})")
        for (status, why), names in list(together.items())[:_MOST_REASONS]
    ]
    return element("ul", items, class_="notes") if items else None


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(names[:_MOST_NAMES])}{more}"


@dataclass(frozen=True, slots=True)
class _Most:
    """The most that any step took or made, which is a full bar."""

    seconds: float
    memory: int
    size: int


def _cells(step: StepRow, most: _Most) -> Iterator[Cell]:
    yield Cell(_named(step), step.name)
    yield Cell(step.kind, step.kind)
    if step.seconds is None:
        yield Cell(step.status, -1, number=True)
    else:
        yield _measured(step.seconds, most.seconds, seconds(step.seconds))
    yield _measured(step.memory, most.memory, size(step.memory or 0))
    yield _number(step.rows_in)
    yield _number(step.rows_out)
    yield _measured(step.bytes_in, 0, size(step.bytes_in or 0))
    yield _measured(step.bytes_out, most.size, size(step.bytes_out or 0))


def _measured(value: float | None, most: float, text: str) -> Cell:
    """Return a cell with a bar, or a dash where nothing was measured."""
    if value is None:
        return Cell("—", -1, number=True)
    return Cell([text, bar(value / most) if most else None], value, number=True)


def _number(value: int | None) -> Cell:
    return Cell("—" if value is None else f"{value:,}", -1 if value is None else value, number=True)


def draw_quality(page: Page) -> Markup | None:
    """Return the quality of tables after each step; nothing where none is known."""
    known = [step for step in page.steps if step.quality is not None]
    if not known:
        return None
    heads = [("After", False), ("Quality", True), ("From 0 to 1", False)]
    grid = table("Quality after each step", heads, map(_quality, known[:MOST]), kind="quality")
    says = (
        "Completeness, validity, uniqueness and consistency as one score, of the worst of the tables that a step "
        "made for others."
    )
    return section("quality", "Quality", grid, more_than(MOST, len(known), "steps"), says=says)


def _quality(step: StepRow) -> Sequence[Cell]:
    quality = step.quality or 0.0
    tone = "bad" if quality < _LOWEST_QUALITY else "good"
    return (
        Cell(element("bdi", step.name), step.name),
        Cell(f"{quality:.3f}", quality, number=True),
        Cell(bar(quality, tone)),
    )

"""A profile as lines of text: the score with its parts, a line a column, how columns go together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeproof.data.profiling.profile import ColumnProfile, Correlations, Profile
from pipeproof.data.profiling.score import Flaw, Part
from pipeproof.report.cells import clean, cut, pad, width
from pipeproof.report.profile_words import (
    common_words,
    distinct_words,
    missing_words,
    number_words,
    score_tone,
    score_words,
    strongest,
)
from pipeproof.report.quantities import count, percent
from pipeproof.report.style import PLAIN, Style

_BLOCKS = "▁▂▃▄▅▆▇█"
_BAR = 10
_MOST_COLUMNS = 200
_MOST_FLAWS = 3
_WIDEST_NAME = 28
_WIDEST_TYPE = 14
_WIDEST_SAYS = 66


def profile_lines(profile: Profile, style: Style = PLAIN) -> Iterator[str]:
    """Yield a profile as lines."""
    yield _heading(profile, style)
    if profile.quality is not None:
        yield from (line for part in profile.quality.parts for line in _part(part, style))
    yield ""
    yield from _columns(profile, style)
    yield from _together(profile)
    if inexact := _inexact(profile):
        yield style("dim", inexact)


def _heading(profile: Profile, style: Style) -> str:
    parts = [style("bold", clean(profile.name)), count(profile.rows, "row")]
    parts.append(count(len(profile.columns), "column"))
    if profile.looked != profile.rows:
        parts.append(f"{profile.looked:,} rows looked at")
    if profile.quality is None:
        parts.append("no cells, so no quality")
    else:
        score = profile.quality.score
        parts.append(style(score_tone(score), f"quality {score_words(score)}"))
    return " · ".join(parts)


def _part(part: Part, style: Style) -> Iterator[str]:
    if part.score is None:
        yield style("dim", f"  {part.name:<12}  not measured: {part.why}")
        return
    filled = min(round(part.score * _BAR), _BAR if part.score == 1 else _BAR - 1)
    drawn = style(score_tone(part.score), "█" * filled) + style("dim", "·" * (_BAR - filled))
    line = f"  {part.name:<12}  {score_words(part.score)}  {drawn}"
    first, *more = [_flaw(flaw) for flaw in part.flaws[:_MOST_FLAWS]] or [""]
    yield f"{line}  {first}".rstrip()
    indent = " " * (2 + 12 + 2 + 5 + 2 + _BAR + 2)
    yield from (indent + text for text in more)
    if len(part.flaws) > _MOST_FLAWS:
        rest = part.flaws[_MOST_FLAWS:]
        yield f"{indent}and {len(rest)} more"


def _flaw(flaw: Flaw) -> str:
    where = f"{clean(flaw.column)}: " if flaw.column else ""
    return f"{where}{clean(flaw.what)}"


def _columns(profile: Profile, style: Style) -> Iterator[str]:
    shown = profile.columns[:_MOST_COLUMNS]
    rows = [
        (
            cut(clean(column.name), _WIDEST_NAME),
            cut(column.type, _WIDEST_TYPE),
            missing_words(column),
            distinct_words(column),
        )
        for column in shown
    ]
    heads = ("column", "type", "missing", "distinct")
    name, kind, missing, distinct = (max(map(width, cells)) for cells in zip(heads, *rows, strict=True))
    yield style(
        "dim", f"  {heads[0]:<{name}}  {heads[1]:<{kind}}  {heads[2]:>{missing}}  {heads[3]:>{distinct}}"
    )
    for cells, column in zip(rows, shown, strict=True):
        front = (
            f"  {pad(cells[0], name)}  {pad(cells[1], kind)}  {cells[2]:>{missing}}  {cells[3]:>{distinct}}"
        )
        yield f"{front}  {_says(column)}".rstrip()
    if len(profile.columns) > len(shown):
        yield f"  and {len(profile.columns) - len(shown):,} more, in the JSON document (--json)"


def _says(column: ColumnProfile) -> str:
    parts = [spark(column.grid.counts)] if column.grid and not column.constant else []
    parts += number_words(column) or common_words(column)
    return cut(" · ".join(part for part in parts if part), _WIDEST_SAYS)


def spark(counts: Sequence[float]) -> str:
    """Return a histogram in a row of blocks, the highest bin a full one; an empty bin is a space."""
    highest = max(counts, default=0)
    if not highest:
        return ""
    heights = (round(amount / highest * (len(_BLOCKS) - 1)) for amount in counts)
    return "".join(_BLOCKS[height] if amount else " " for height, amount in zip(heights, counts, strict=True))


def _together(profile: Profile) -> Iterator[str]:
    if profile.keys:
        told = ", ".join(" + ".join(map(clean, key)) for key in profile.keys[:5])
        more = len(profile.keys) - 5
        yield f"keys        {told}{f' and {more} more' if more > 0 else ''}"
    if profile.repeated:
        word = "" if profile.repeated_exactly else "at least "
        yield f"duplicates  {word}{count(profile.repeated, 'row')} ({percent(profile.repeated / profile.looked)})"
    if pairs := _correlated(profile.correlations):
        yield f"correlated  {pairs}"
    if profile.dependences:
        told = ", ".join(
            f"{clean(one.of)} on {clean(one.by)} {one.strength:.2f}" for one in profile.dependences[:4]
        )
        yield f"depends     {told}"


def _correlated(correlations: Correlations) -> str:
    pairs = strongest(correlations)
    return ", ".join(f"{clean(a)} ~ {clean(b)} {value:+.2f}" for a, b, value in pairs[:4])


def _inexact(profile: Profile) -> str:
    """Return what is not exact, and how far it may be off."""
    said = []
    if profile.looked != profile.rows:
        said.append(f"all of it is about {profile.looked:,} rows, drawn evenly")
    if error := max((column.distinct_error for column in profile.columns), default=0.0):
        said.append(f"numbers with ≈ have a standard error of {percent(error)}")
    if error := max((column.grid.error for column in profile.columns if column.grid), default=0.0):
        said.append(f"quantiles are off by at most {percent(error)} of the rows")
    return f"{'; '.join(said)}; --exact sketches nothing" if said else ""

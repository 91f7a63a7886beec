"""The page of a profile: the score and its parts, a card a column, how columns go together."""

from __future__ import annotations

from collections.abc import Iterator

from pipeproof.data.profiling.profile import SCHEMA, Profile
from pipeproof.data.profiling.score import Part
from pipeproof.report.html.charts import heat
from pipeproof.report.html.markup import Content, Markup, cut, element, prose, short
from pipeproof.report.html.parts import Cell, bar, more_than, section, table
from pipeproof.report.html.profile_cards import draw_card
from pipeproof.report.html.view import LINE, NAME, Figure
from pipeproof.report.html.whole import draw_head, whole_page
from pipeproof.report.profile_words import score_tone, score_words, strongest
from pipeproof.report.quantities import count, percent, whole_percent

_STYLES = ("page.css", "data.css")
_MOST_CARDS = 200
_MOST_HEAT = 20
_MOST_FLAWS = 6


def profile_page(profile: Profile) -> str:
    """Return a profile as one HTML page that needs nothing else."""
    drawn = [
        (name, title, part)
        for name, title, part in (
            ("quality", "Quality", _quality(profile)),
            ("columns", "Columns", _columns(profile)),
            ("together", "Together", _together(profile)),
        )
        if part is not None
    ]
    header = draw_head(
        "pipeproof data profile", _headline(profile), _sentence(profile), _figures(profile), drawn
    )
    title = f"{short(profile.name, NAME)} · profile"
    says = f"Written by Pipeproof from {SCHEMA}."
    return whole_page(title, header, [part for _, _, part in drawn], says, styles=_STYLES)


def _headline(profile: Profile) -> Markup:
    name = element("bdi", short(profile.name, NAME))
    if profile.quality is None:
        return element("h1", name, " has no cells", class_="verdict warn")
    score = profile.quality.score
    return element("h1", name, f" {score_words(score)}", class_=f"verdict {score_tone(score)}")


def _sentence(profile: Profile) -> str:
    told = f"{count(profile.rows, 'row')} and {count(len(profile.columns), 'column')}"
    if profile.looked != profile.rows:
        told += f", of which {profile.looked:,} rows, drawn evenly, were looked at"
    if profile.keys:
        told += f"; {' and '.join(short(name, NAME) for name in profile.keys[0])} tell rows apart"
    return f"{told}. Quality is told from 0 to 1."


def _figures(profile: Profile) -> Iterator[Figure]:
    cells = profile.looked * len(profile.columns)
    missing = sum(column.missing for column in profile.columns)
    yield Figure(f"{profile.rows:,}", "rows")
    yield Figure(f"{len(profile.columns):,}", "columns")
    yield Figure(percent(missing / cells) if missing else "0", "cells missing")
    word = "" if profile.repeated_exactly else "≥ "
    yield Figure(f"{word}{profile.repeated:,}", "repeated rows", "warn" if profile.repeated else "")
    constant = sum(column.constant for column in profile.columns)
    if constant:
        yield Figure(f"{constant:,}", "constant columns")
    private = sum(bool(column.private) for column in profile.columns)
    if private:
        yield Figure(f"{private:,}", "columns not shown")


def _quality(profile: Profile) -> Markup | None:
    if profile.quality is None:
        return None
    heads = [("Part", False), ("Score", True), ("", False), ("Weight", True), ("What lowered it", False)]
    rows = [_part(part) for part in profile.quality.parts]
    grid = table("The parts of the score", heads, rows, kind="parts")
    says = (
        "Each part is the share of its questions that had a good answer; the score is their weighted mean. "
        "What was not measured does not count, and its weight is shared out."
    )
    return section("quality", "Quality", grid, says=says)


def _part(part: Part) -> list[Cell]:
    name = Cell(part.name.capitalize(), part.name)
    weight = Cell(whole_percent(part.weight), part.weight, number=True)
    if part.score is None:
        told: Content = element("small", prose(f"not measured: {part.why}"))
        return [name, Cell("—", -1, number=True), Cell(None), weight, Cell(told)]
    lines: list[Content] = [
        element(
            "li",
            [element("bdi", short(flaw.column, NAME)), ": "] if flaw.column else None,
            cut(flaw.what, LINE),
        )
        for flaw in part.flaws[:_MOST_FLAWS]
    ]
    if len(part.flaws) > _MOST_FLAWS:
        lines.append(element("li", f"and {len(part.flaws) - _MOST_FLAWS} more"))
    told = element("ul", lines) if lines else element("small", f"nothing, of {count(part.asked, 'question')}")
    score = Cell(score_words(part.score), part.score, number=True)
    return [name, score, Cell(bar(part.score, score_tone(part.score))), weight, Cell(told)]


def _columns(profile: Profile) -> Markup | None:
    if not profile.columns:
        return None
    cards = [draw_card(column) for column in profile.columns[:_MOST_CARDS]]
    more = more_than(_MOST_CARDS, len(profile.columns), "columns")
    return section("columns", "Columns", element("div", cards, class_="cards"), more)


def _together(profile: Profile) -> Markup | None:
    lines = list(_lines(profile))
    heat = _heat(profile)
    if not lines and heat is None:
        return None
    told = element(
        "dl",
        [element("div", element("dt", name), element("dd", what)) for name, what in lines],
        class_="facts",
    )
    return section("together", "Together", told if lines else None, heat)


def _lines(profile: Profile) -> Iterator[tuple[str, str]]:
    if profile.keys:
        yield (
            "tell rows apart",
            ", ".join(" + ".join(short(name, NAME) for name in key) for key in profile.keys[:8]),
        )
    if pairs := strongest(profile.correlations)[:6]:
        yield (
            "go together",
            ", ".join(f"{short(a, NAME)} and {short(b, NAME)} {value:+.2f}" for a, b, value in pairs),
        )
    for one in profile.dependences[:6]:
        what = f"{short(one.of, NAME)}: {whole_percent(one.strength)} of the variance of its ranks"
        yield f"depend on {short(one.by, NAME)}", what


def _heat(profile: Profile) -> Markup | None:
    """Return the rank correlations, of the columns that go together with another one where there are any."""
    known = profile.correlations
    close = {name for a, b, _ in strongest(known) for name in (a, b)}
    names = [name for name in known.columns if name in close or not close][:_MOST_HEAT]
    if len(names) < 2:  # noqa: PLR2004 one column goes together with nothing
        return None
    at = [known.columns.index(name) for name in names]
    values = [[None if a == b else known.spearman[a][b] for b in at] for a in at]
    says = f"Rank correlations (Spearman) over {count(known.rows, 'row')}"
    drawn = heat([short(name, NAME) for name in names], values, says)
    return element("div", element("p", f"{says}:", class_="says"), drawn)

"""What is said of two tables in a few words, in text and on a page alike."""

from __future__ import annotations

import datetime as dt

from pipeproof.data.comparing.result import ColumnDrift, Question, Side, TableDifference
from pipeproof.report.quantities import number, percent

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY = 86_400
_MANY_DAYS = 5
_LATEST = 250_000_000_000  # seconds, about the year 9892: what a calendar has
_WORTH_SAYING = 0.001  # share of values out of range: some are with every new table


def value_words(column: ColumnDrift, value: float | None) -> str:
    """Return a number of a column as people read it: dates and times as such."""
    if value is None:
        return "—"
    if column.kind == "numbers" and column.type == "date" and abs(value) * _DAY < _LATEST:
        return (_EPOCH + dt.timedelta(days=value)).date().isoformat()
    if column.kind == "numbers" and column.type == "timestamp" and abs(value) < _LATEST:
        moment = _EPOCH + dt.timedelta(seconds=round(value))
        return moment.date().isoformat() if _spans_days(column) else moment.strftime("%Y-%m-%d %H:%M")
    if column.kind == "numbers" and column.type == "time":
        whole = round(value)
        return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
    return str(int(value)) if value == int(value) and abs(value) < 10_000 else number(value)  # noqa: PLR2004 years stay as they are


def _spans_days(column: ColumnDrift) -> bool:
    """Say whether the times of a column are so far apart that the hours say little."""
    ends = [value for side in (column.before, column.after) for value in side.quantiles.values()]
    return bool(ends) and max(ends) - min(ends) > _MANY_DAYS * _DAY


def move_words(column: ColumnDrift) -> str:
    """Return from where to where a column moved: the medians of numbers, the category that moved most."""
    if column.kind == "categories":
        return category_words(column)
    what = "median length" if column.kind == "lengths" else "median"
    ends = [_middle(side) for side in (column.before, column.after)]
    if None in ends:
        return ""
    words = [value_words(column, end) for end in ends]
    told = f"{what} {words[0]}" if words[0] == words[1] else f"{what} {words[0]} → {words[1]}"
    if column.type in {"date", "timestamp", "time"}:
        return told
    for name, pair in (
        ("mean", (column.before.mean, column.after.mean)),
        ("standard deviation", (column.before.std, column.after.std)),
    ):
        first, second = ("" if one is None else number(float(f"{one:.3g}")) for one in pair)
        if first != second:
            return f"{told}, {name} {first} → {second}"
    return told


def _middle(side: Side) -> float | None:
    return side.quantiles.get("0.5", side.mean)


def category_words(column: ColumnDrift) -> str:
    """Return which category moved most, and its shares."""
    if not column.categories:
        return ""
    most = max(column.categories, key=lambda one: abs(one.after - one.before))
    return f"{most.name} {percent(most.before)} → {percent(most.after)}"


def effect_words(question: Question) -> str:
    """Return how large a change is."""
    if question.about == "outliers":
        return f"{percent(question.statistic)} outside what held 99.8 %"
    return f"{question.effect_name} {question.effect:.2f}"


def missing_words(column: ColumnDrift) -> str:
    """Return how the share of missing values changed."""
    return f"missing {change_words(column.before.missing, column.after.missing)}"


def change_words(before: float, after: float) -> str:
    """Return two shares, or one where they read alike."""
    words = percent(before), percent(after)
    return words[0] if words[0] == words[1] else f"{words[0]} → {words[1]}"


def news_words(column: ColumnDrift) -> list[str]:
    """Return what is new in a column without being an alarm: categories, values out of range, notes."""
    said = []
    for many, some, word in ((column.many[0], column.new, "new"), (column.many[1], column.gone, "gone")):
        if many:
            names = ", ".join(one.name for one in some[:3]) + (", …" if many > 3 else "")  # noqa: PLR2004 a line stays short
            noun = "category" if many == 1 else "categories"
            said.append(f"{many:,} {noun} {word}: {names}" if names else f"{many:,} {noun} {word}")
    if column.beyond >= _WORTH_SAYING:
        said.append(f"{percent(column.beyond)} out of the former range")
    return [*said, *column.notes]


def verdict_words(found: TableDifference) -> str:
    """Return in what two tables differ, in one line."""
    counts = {
        "schema": "columns",
        "rows": "rows",
        "drift": f"drift in {len(found.drifted)} column{'' if len(found.drifted) == 1 else 's'}",
    }
    if not found.differs:
        return "no difference found"
    return "they differ: " + ", ".join(counts[part] for part in found.differs)

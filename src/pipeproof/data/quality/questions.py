"""How good a table is: questions to its cells, rows and rules, of which each counts in one part alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import polars as pl

from pipeproof.contracts.constraints import ACCEPTED
from pipeproof.contracts.statistics import age_says
from pipeproof.data.checking.measures import Measured, measures, number_of
from pipeproof.data.checking.rules import Rule, Unasked, row_rules
from pipeproof.data.checking.scanning import count
from pipeproof.data.profiling.profile import ColumnProfile, Profile
from pipeproof.data.profiling.score import Dimension, Flaw, Part, Quality
from pipeproof.model.contract import Statistic, TableSchema

_MOST_FLAWS = 20


@dataclass(frozen=True, slots=True)
class _Asked:
    """So many questions of one kind, of which so many had a bad answer; none where they could not be asked."""

    asked: float
    bad: float
    what: str
    column: str = ""


def quality_of(
    profile: Profile, frame: pl.LazyFrame | None, schema: TableSchema | None, miscast: Mapping[str, int]
) -> Quality | None:
    """Return the quality of a table of which much is known already; None when it has no cells.

    Args:
        profile: What is known.
        frame: The rows that were looked at; they are scanned once more where a contract is asked.
        schema: What it should keep.
        miscast: Column → how many of its values, missing by now, were not of the type that the contract says.
    """
    if not profile.looked or not profile.columns:
        return None
    answers = _of_rules(profile, frame, schema, miscast) if schema and frame is not None else {}
    timely = _timeliness(frame, schema) if schema and frame is not None else []
    return Quality(
        (
            _part("completeness", _cells(profile, schema, miscast), ""),
            _part("validity", answers.get("validity", []), "no contract says what is valid"),
            _part("uniqueness", [_rows(profile), *answers.get("uniqueness", [])], ""),
            _part(
                "consistency",
                [*answers.get("consistency", []), *_texts(profile)],
                "there are no texts, and no contract with rules between columns",
            ),
            _part("timeliness", timely, "no contract says how old the values may be (`age`)"),
        )
    )


def _part(name: Dimension, answers: Iterable[_Asked], why: str) -> Part:
    given = list(answers)
    asked = sum(one.asked for one in given)
    if not asked:
        return Part(name, why="; ".join(one.what for one in given) or why)
    flaws = (Flaw(one.what, one.bad / asked, one.column) for one in given if one.bad or not one.asked)
    worst = tuple(sorted(flaws, key=lambda flaw: -flaw.lost)[:_MOST_FLAWS])
    return Part(name, 1 - sum(one.bad for one in given) / asked, round(asked), worst)


def _cells(profile: Profile, schema: TableSchema | None, miscast: Mapping[str, int]) -> Iterator[_Asked]:
    """Ask of each cell whether something is there; what is not of its type is, and a matter of validity."""
    rows = profile.looked
    for column in profile.columns:
        missing = max(0, column.missing - miscast.get(column.name, 0))
        yield _Asked(rows, missing, f"{missing:,} of {rows:,} values missing", column.name)
    there = {column.name for column in profile.columns}
    for wanted in schema.columns if schema else ():
        if wanted.required and wanted.name not in there:
            yield _Asked(rows, rows, "the contract asks for it, and it is not there", wanted.name)


def _rows(profile: Profile) -> _Asked:
    word = "" if profile.repeated_exactly else "at least "
    return _Asked(
        profile.looked,
        profile.repeated,
        f"{word}{profile.repeated:,} of {profile.looked:,} rows repeat another",
    )


def _texts(profile: Profile) -> Iterator[_Asked]:
    """Ask of each text whether it is of the kind, and in the spelling, of the others in its column."""
    for column in profile.columns:
        if column.texts is None or not column.texts.looked:
            continue
        texts = column.texts
        yield _Asked(column.present, texts.odd * column.present, _odd(column), column.name)
        what = f"{_percent(texts.respelled)} differ from a more frequent value only in case or spaces"
        if texts.spellings:
            what += f", such as {' and '.join(repr(one) for one in texts.spellings[0][:2])}"
        yield _Asked(column.present, texts.respelled * column.present, what, column.name)


def _odd(column: ColumnProfile) -> str:
    texts = column.texts
    kinds = sorted(texts.kinds.items(), key=lambda item: -item[1]) if texts else []
    told = ", ".join(f"{_percent(share)} {_KINDS[kind]}" for kind, share in kinds)
    return f"texts of several kinds: {told}"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %" if share >= 0.1 else f"{share * 100:.2g} %"  # noqa: PLR2004 two digits


_KINDS = {"number": "numbers", "date": "dates", "blank": "stand for nothing (such as n/a)", "other": "others"}


def _of_rules(
    profile: Profile, frame: pl.LazyFrame, schema: TableSchema, miscast: Mapping[str, int]
) -> dict[str, list[_Asked]]:
    """Ask each row each rule of its contract; whether values are there is asked of cells alone."""
    asked = [rule for rule in row_rules(schema, frame.collect_schema()) if not _of_cells(rule)]
    # What is repeated is counted as it stands, not by a hash that would have to be looked at again.
    rules = [replace(rule, distinct=None) for rule in asked if isinstance(rule, Rule)]
    rows = profile.looked
    found: dict[str, list[_Asked]] = {"validity": list(_types(profile, schema, miscast))}
    for rule, bad in zip(rules, count(frame, rules).broken, strict=True):
        answer = _Asked(rows, bad, f"{bad:,} of {rows:,} rows break '{rule.says}'", rule.column)
        if rule.trouble:
            answer = _Asked(0, 0, f"the condition '{rule.name}' fails on some rows: {rule.trouble[0]}")
        found.setdefault(_dimension(rule, schema), []).append(answer)
    # Of others, the type is told that they cannot be asked of.
    unasked = [one for one in asked if isinstance(one, Unasked) and not one.column]
    found.setdefault("consistency", []).extend(_Asked(0, 0, one.why) for one in unasked)
    return found


def _of_cells(rule: Rule | Unasked) -> bool:
    """Say whether a rule asks what is asked of each cell anyway; of the parts of a cell it does not."""
    return isinstance(rule, Rule) and rule.name == "nullable" and rule.of in {"", rule.columns[0]}


def _types(profile: Profile, schema: TableSchema, miscast: Mapping[str, int]) -> Iterator[_Asked]:
    """Ask each value whether it has the type of the contract; of a column of another type none has."""
    there = {column.name: column for column in profile.columns}
    for wanted in schema.columns:
        column = there.get(wanted.name)
        if column is None or wanted.type is None:
            continue
        rows = profile.looked
        if column.present and column.type not in ACCEPTED[wanted.type]:
            yield _Asked(rows, rows, f"is {column.type}, the contract says {wanted.type}", wanted.name)
        else:
            wrong = miscast.get(wanted.name, 0)
            yield _Asked(
                rows,
                wrong,
                f"{wrong:,} {'value is' if wrong == 1 else 'values are'} no {wanted.type}",
                wanted.name,
            )


def _dimension(rule: Rule, schema: TableSchema) -> Dimension:
    if rule.name in {"unique", "key"}:
        return "uniqueness"
    between = {*(one.name for one in schema.comparisons), *(one.name for one in schema.conditions)}
    return "consistency" if rule.name in {"order", "references", *between} else "validity"


def _timeliness(frame: pl.LazyFrame, schema: TableSchema) -> list[_Asked]:
    """Ask of each column with an age whether its newest value is young enough.

    An older one counts for as much as the age that is allowed is of its own: twice as old is half as good.
    """
    ages = tuple(one for one in schema.statistics if one.measure == "age" and one.maximum is not None)
    known = measures(replace(schema, statistics=ages), frame.collect_schema())
    asked = [one for one in known if isinstance(one, Measured)]
    if not asked:
        return []
    now = dt.datetime.now(dt.UTC)
    newest = count(frame, (), asked).found
    return [_age(one.statistic, number_of(one, at, now)) for one, at in zip(asked, newest, strict=True)]


def _age(statistic: Statistic, age: float | None) -> _Asked:
    if age is None:
        return _Asked(1, 1, "has no value", statistic.column)
    allowed = float(statistic.maximum or 0)
    what = f"the newest value is {age_says(age)} old, the contract allows {age_says(allowed)}"
    return _Asked(1, 0.0 if age <= allowed else 1 - allowed / age, what, statistic.column)

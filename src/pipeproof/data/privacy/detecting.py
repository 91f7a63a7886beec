"""Finding columns with personal data, by their names and by a sample of their values.

A number is taken for a card, an account or a national id without a name that says so only when the check
digits hold for nearly all: of numbers made by chance, one in ten has the right one. Values are asked once
each; patterns are asked by Polars, check digits in Python of those that match.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pipeproof.contracts.personal import (
    HIDDEN,
    Kind,
    hinted_kinds,
    kind_by_name,
    kind_in_contract,
    mask_value,
    words_of,
)
from pipeproof.contracts.personal_texts import kind_inside
from pipeproof.data.inputs import open_table, reading, settle
from pipeproof.data.privacy.sampling import Sample, take_sample
from pipeproof.data.privacy.signs import SIGNS, Sign
from pipeproof.model.contract import TableSchema

if TYPE_CHECKING:
    import polars as pl

SAMPLE = 10_000
SURE = 0.5
"""Confidence from which a column is masked."""
_QUICK = 1_000
_MOST_ASKED = 20_000
IN_TEXTS = "inside of longer texts"
_ENOUGH = 10  # different values; fewer of them keep a check digit by chance
_EXAMPLES = 2
_HINTED = 0.3  # share of values that a word such as `name` asks for
_LONG = 25  # characters; shorter values are not searched for numbers inside
_NUMBERS: frozenset[Kind] = frozenset({"phone", "card", "bank", "national_id"})
# Which kinds can stand in a column of which values; texts can hold all.
_POSSIBLE: Mapping[str, frozenset[Kind]] = {
    "integer": _NUMBERS | {"birth_date", "address", "location", "personal"},
    "number": _NUMBERS | {"location", "personal"},
    "date": frozenset({"birth_date", "personal"}),
    "nested": frozenset({"location", "address", "name", "personal"}),
    "nothing": frozenset({"personal"}),
}
_IDENTIFYING: frozenset[Kind] = frozenset(
    {"email", "phone", "name", "national_id", "card", "bank", "birth_date"}
)
_PLACES: frozenset[Kind] = frozenset({"location", "address"})


@dataclass(frozen=True, slots=True)
class Flag:
    """A column that holds personal data, as far as can be told.

    Attributes:
        column: The column.
        kind: What it holds.
        confidence: How sure that is, from 0 to 1.
        share: Share of the different values looked at that look like it; None where the values cannot tell.
        found: What told: the contract, the column's name, its content, or name and content.
        says: What was seen.
        evidence: Some values, masked.
    """

    column: str
    kind: Kind
    confidence: float
    share: float | None
    found: Literal["contract", "name", "content", "both"]
    says: str
    evidence: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        share = None if self.share is None else round(self.share, 4)
        return {
            "column": self.column,
            "kind": self.kind,
            "confidence": round(self.confidence, 2),
            "share": share,
            "found": self.found,
            "says": self.says,
            "evidence": list(self.evidence),
        }


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found in a table, and how much of it was looked at.

    Attributes:
        table: Name of the table.
        flags: The columns with personal data, in the order of the table.
        columns: How many columns there are.
        rows: How many rows there are.
        looked: How many rows were looked at.
    """

    table: str
    flags: tuple[Flag, ...]
    columns: int
    rows: int
    looked: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "table": self.table,
            "rows": self.rows,
            "looked_at": self.looked,
            "columns": self.columns,
            "flags": [flag.to_dict() for flag in self.flags],
        }


def scan_privacy(
    table: Any,
    *,
    contract: TableSchema | None = None,
    sample: int | None = SAMPLE,
    least: float = SURE,
) -> tuple[Flag, ...]:
    """Return the columns of a table that hold personal data.

    Args:
        table: A path or a table, see `pipeproof.data.inputs.open_table`.
        contract: What is known of the columns; `privacy: none` switches one off.
        sample: How many rows to look at, spread over the table; None for all.
        least: Least confidence of what is returned.

    Raises:
        ContractError: There is no such table.
    """
    return scan_table(table, contract=contract, sample=sample, least=least).flags


def scan_table(
    table: Any,
    *,
    contract: TableSchema | None = None,
    sample: int | None = SAMPLE,
    least: float = SURE,
) -> Scan:
    """Do what `scan_privacy` does and return how much was looked at too."""
    opened, _ = settle(open_table(table, contract))
    with reading(opened):
        taken = take_sample(opened.frame, sample)
    flags = tuple(flag for flag in _flags(taken, contract) if flag.confidence >= least)
    return Scan(opened.name, flags, len(taken.columns), taken.rows, taken.looked)


def kinds_by_content(
    frame: pl.LazyFrame, names: Iterable[str], schema: TableSchema | None = None
) -> dict[str, Kind]:
    """Return the columns to be masked after a quick look at the first rows: column → kind.

    Args:
        frame: The table.
        names: The columns.
        schema: What is known of them.
    """
    present = frame.collect_schema()
    chosen = frame.select([name for name in names if name in present])
    taken = take_sample(chosen, _QUICK, quick=True)
    # A column that is called e-mail is masked though no value of it is one: what is wrong may still be personal.
    return {
        flag.column: flag.kind
        for flag in _flags(taken, schema)
        if flag.confidence >= SURE or flag.found != "content"
    }


def _flags(taken: Sample, schema: TableSchema | None) -> list[Flag]:
    said = {column.name: column.privacy for column in schema.columns} if schema else {}
    flags = [
        flag for column in taken.columns if (flag := _flag(column, taken, said.get(column, ""))) is not None
    ]
    whose = any(flag.kind in _IDENTIFYING and flag.confidence >= SURE for flag in flags)
    beside = _of_persons(taken, said, {flag.column for flag in flags}) if whose else ()
    order = {name: place for place, name in enumerate(taken.columns)}
    return sorted([*flags, *beside], key=lambda flag: order[flag.column])


def _flag(column: str, taken: Sample, said: str) -> Flag | None:
    if said == "none":
        return None
    holds = taken.holds[column]
    if kind := kind_in_contract(said):
        return Flag(column, kind, 1.0, None, "contract", "the contract says so", _masked(taken, column, kind))
    told = kind_by_name(column)
    if told is not None and not _can_hold(holds, {told}):
        told = None
    values = taken.values(column)
    if told is not None:
        return _by_name(column, told, values, taken)
    return _by_content(column, values, taken) or _in_texts(column, values, taken)


def _can_hold(holds: str, kinds: AbstractSet[Kind]) -> bool:
    return holds == "text" or bool(kinds & _POSSIBLE[holds])


def _by_name(column: str, kind: Kind, values: pl.Series, taken: Sample) -> Flag:
    """Return the flag of a column whose name tells the kind; the values make it more or less sure."""
    evidence = _masked(taken, column, kind)
    signs = [sign for sign in SIGNS if sign.kind == kind]
    if not signs or taken.holds[column] in {"date", "nested"}:
        return Flag(column, kind, 0.85, None, "name", "its name says so", evidence)
    if not len(values):
        return Flag(column, kind, 0.6, None, "name", "its name says so; it has no values", ())
    share, sign = max(((_share(values, sign), sign) for sign in signs), key=lambda found: found[0])
    if kind in {"name", "address"}:  # of many such values no rule knows
        confidence, says = 0.85 + 0.1 * share, "its name says so"
        if share < _HINTED:
            return Flag(column, kind, confidence, None, "name", says, evidence)
        return Flag(column, kind, confidence, share, "both", f"its name says so; {sign.says}", evidence)
    if not share:
        return Flag(column, kind, 0.4, 0.0, "name", "its name says so, no value looks like it", evidence)
    return Flag(column, kind, 0.6 + 0.39 * share, share, "both", f"its name says so; {sign.says}", evidence)


def _by_content(column: str, values: pl.Series, taken: Sample) -> Flag | None:
    """Return the flag of a column whose values tell, with or without a name that hints at it."""
    if not len(values):
        return None
    hints, longest = hinted_kinds(column), _longest(values)
    for sign in SIGNS:
        if not _can_hold(taken.holds[column], {sign.kind}):
            continue
        least = min(sign.least, _HINTED if sign.kind == "name" else 0.5) if sign.kind in hints else sign.least
        few = len(values) < _ENOUGH and sign.kind in _NUMBERS and sign.kind not in hints
        if least > 1 or longest < sign.shortest or (sign.kind == "ip" and "version" in column.lower()):
            continue
        share = _share(values, sign)
        if share < least or (few and share < 1):
            continue
        both = sign.kind in hints
        trust = min(sign.trust, SURE) if few else sign.trust
        confidence = (0.7 + 0.29 * share) if both else trust * (0.6 + 0.4 * share)
        evidence = _masked(taken, column, sign.kind)
        return Flag(column, sign.kind, confidence, share, "both" if both else "content", sign.says, evidence)
    return None


def _in_texts(column: str, values: pl.Series, taken: Sample) -> Flag | None:
    """Return the flag of a column of texts in some of which personal data stand."""
    if taken.holds[column] not in {"text", "nested"} or not len(values):
        return None
    # Lists and structs are texts inside of something, however short. In other short texts only an address is sure:
    # one number in ten has the check digit of a card by chance.
    least = 0 if taken.holds[column] == "nested" else _LONG
    numbers = values.str.contains(r"\d[\d -]{11}|[A-Z]{2}\d{2}[A-Z0-9 ]{11}")
    suspect = values.filter(
        values.str.contains("@", literal=True) | ((values.str.len_chars() > least) & numbers)
    )
    kinds = Counter(kind for value in suspect if (kind := kind_inside(value)) is not None)
    if not kinds:
        return None
    kind, share = kinds.most_common(1)[0][0], kinds.total() / len(values)
    says = f"{' and '.join(sorted(kinds))} {IN_TEXTS}"
    return Flag(column, kind, 0.6 + 0.3 * share, share, "content", says, (HIDDEN,))


def _of_persons(taken: Sample, said: Mapping[str, str], flagged: set[str]) -> Iterator[Flag]:
    """Yield columns whose names mean persons only because other columns are about persons: places, `name`."""
    for column in taken.columns:
        hints = hinted_kinds(column)
        hints = hints if len(words_of(column)) == 1 else hints & _PLACES
        if (
            hints
            and column not in flagged
            and said.get(column) != "none"
            and _can_hold(taken.holds[column], hints)
        ):
            kind = min(hints)
            yield Flag(
                column,
                kind,
                SURE,
                None,
                "name",
                "its name, in a table about persons",
                _masked(taken, column, kind),
            )


def _longest(values: pl.Series) -> int:
    longest = values.str.len_chars().max()
    return longest if isinstance(longest, int) else 0


def _share(values: pl.Series, sign: Sign) -> float:
    """Return the share of some values that look like a kind; of very many, as many as tell it are asked."""
    values = values.gather_every(1 + len(values) // _MOST_ASKED)
    fitting = values.filter(values.str.contains(rf"^(?:{sign.pattern})$"))
    return sum(map(sign.holds, fitting)) / len(values)


def _masked(taken: Sample, column: str, kind: Kind) -> tuple[str, ...]:
    values: Sequence[str] = taken.values(column).head(20).to_list()
    return tuple(dict.fromkeys(mask_value(value, kind) for value in values))[:_EXAMPLES]

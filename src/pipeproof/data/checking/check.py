"""Holding a table against a contract: the function that people call."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.contracts.limits import allowed_rows, limit_of
from pipeproof.contracts.personal import NONE
from pipeproof.data.checking.asking import OURS, Questions, Ways, conclude, questions_for, scan
from pipeproof.data.checking.result import CheckResult
from pipeproof.data.checking.rules import TEXT, Rule
from pipeproof.data.checking.scanning import Scanned
from pipeproof.data.inputs import Opened, cannot_be_read, open_table, reading, settle
from pipeproof.data.privacy.masking import private_columns
from pipeproof.errors import ContractError, Finding, suggest
from pipeproof.formats import tables
from pipeproof.formats.casts import widened
from pipeproof.formats.faults import short_lines
from pipeproof.formats.replacing import replacing
from pipeproof.model.contract import TableSchema

if TYPE_CHECKING:
    import polars as pl

_LOST = f"{OURS}lost "
_LAST = "last"
_ADDED = ("pipeproof_row", "pipeproof_rules")  # columns of rejected rows


def check(
    table: Any,
    contract: TableSchema | str | Path,
    *,
    dataset: str | None = None,
    others: Mapping[str, Any] | None = None,
    fail_fast: bool = False,
    low_memory: bool = False,
    show_private: bool = False,
    rejected: str | Path | None = None,
) -> CheckResult:
    """Hold a table against a contract.

    The rules of rows and columns are asked in one reading however many there are; where some are broken, one more goes
    up to the third example of each. Columns whose values must be remembered, distances to a profile and queries are read apart.

    Args:
        table: A path, a table of a database such as ``sqlite:///shop.db#orders``, or a table of Polars,
            pandas, Arrow or DuckDB.
        contract: The contract, or a file that holds it.
        dataset: The table that is meant, where the file has several.
        others: Tables that its values refer to, by name: whatever can be given as a table.
        fail_fast: Stop reading at the first breach; what comes after it is not told.
        low_memory: Keep on disk what must be remembered, such as the values of unique columns.
        show_private: Show personal data in examples instead of masking them.
        rejected: A file that takes the rows which the check fails for, in the format of its ending: as they stand,
            with their number (`pipeproof_row`) and the rules that they break (`pipeproof_rules`).

    Returns:
        What came of every rule; false when the table does not keep the contract.

    Raises:
        ContractError: The table cannot be read.
        ConfigError: The contract cannot be read.
    """
    schema = contract if isinstance(contract, TableSchema) else _read(contract, dataset)
    opened = open_table(table, schema)
    refers = (column.references for column in schema.columns)
    wanted = {to.dataset for to in refers if to is not None and not to.orphans}
    known = {
        name: settle(open_table(other))[0].frame for name, other in (others or {}).items() if name in wanted
    }
    prepared = _prepared(opened, schema)
    ways = Ways(
        opened.name,
        known,
        prepared.lost,
        prepared.counts,
        _shown if show_private else _masked(schema, opened.frame),
        fail_fast=fail_fast,
        low_memory=low_memory,
    )
    result, asked, refusing = _asked(opened, prepared, schema, ways)
    if not result.asked:
        result = replace(result, findings=(*result.findings, _nothing_asked(result.name)))
    if rejected is not None:
        _write_rejected(asked.frame, refusing, _mistyped(result), Path(rejected))
    return result


def _read(contract: str | Path, dataset: str | None) -> TableSchema:
    from pipeproof.data.contract_files import (
        read_contract,  # with pydantic, which a schema at hand does not need
    )

    return read_contract(contract, dataset)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A table as it is asked: with its texts beside the values that they became.

    Attributes:
        frame: The table, with columns of ours.
        lost: Column → true where a text stood that is no value of its type.
        counts: What is counted on the way.
        guessed: Columns whose type is a guess.
    """

    frame: pl.LazyFrame
    lost: Mapping[str, pl.Expr]
    counts: Mapping[str, pl.Expr]
    guessed: frozenset[str] = frozenset()


def _shown(names: Sequence[str]) -> Mapping[str, str]:
    return dict.fromkeys(names, NONE)


def _masked(schema: TableSchema, frame: pl.LazyFrame) -> Any:
    def private(names: Sequence[str]) -> Mapping[str, str]:
        return private_columns(schema, names, frame)

    return private


def _prepared(opened: Opened, schema: TableSchema) -> _Prepared:
    import polars as pl

    typed = opened.typed
    if typed is None:
        return _Prepared(opened.frame, {}, {})
    have = typed.raw.collect_schema()
    asked = {
        *schema.names,
        *schema.key,
        *(name for rule in schema.comparisons for name in (rule.left, rule.right)),
    }
    casts = [name for name in typed.casts if name in asked and have[name] == pl.String]
    frame = typed.raw.with_columns(
        *(cast.alias(name) for name, cast in typed.casts.items()),
        *(pl.col(name).alias(TEXT + name) for name in typed.casts if have[name] == pl.String),
        *(typed.wrong(name).alias(_LOST + name) for name in casts),
    )
    last = have.names()[-1:] if opened.kind in tables.SEPARATORS and len(have) > 1 else []
    counts = {_LAST: pl.col(TEXT + last[0] if last[0] in casts else last[0]).is_null().sum()} if last else {}
    lost = {name: pl.col(_LOST + name) for name in casts if name in schema.names}
    return _Prepared(frame, lost, counts, frozenset(typed.guessed) & lost.keys())


def _asked(
    opened: Opened, prepared: _Prepared, schema: TableSchema, ways: Ways
) -> tuple[CheckResult, _Prepared, list[Rule]]:
    """Ask a table; types that were guessed of text and prove wrong are guessed again, from all rows.

    Returns:
        What came of it, the table as it was asked at last, and the rules that its rows make the check fail with.
    """
    with reading(opened):
        questions = questions_for(prepared.frame, schema, ways)
        scanned = scan(prepared.frame, schema, questions, ways)
        if scanned.others.get(_LAST):
            _refuse_short_lines(opened)
        result = conclude(prepared.frame, schema, questions, scanned, ways)
    wrong = _mistyped(result) & prepared.guessed
    if wrong and opened.typed is not None:
        typed = widened(opened.typed, wrong)
        again = _prepared(replace(opened, typed=typed), schema)
        return _asked(opened, again, schema, replace(ways, lost=again.lost, counts=again.counts))
    return result, prepared, list(_refusing(questions, scanned, schema))


def _mistyped(result: CheckResult) -> set[str]:
    """Return the columns with values that are not of their type."""
    return {one.column for one in result.rules if one.rule == "type" and one.rows}


def _refusing(questions: Questions, scanned: Scanned, schema: TableSchema) -> Iterator[Rule]:
    """Yield the rules of rows that are broken beyond their limits, and not only worth a warning."""
    for rule, broken in zip(questions.rules, scanned.broken, strict=True):
        limit = limit_of(rule.column, rule.name, schema)
        serious = limit is None or limit.severity == "error"
        if serious and not rule.trouble and broken > allowed_rows(limit, rule.name, scanned.rows):
            yield rule


def _refuse_short_lines(opened: Opened) -> None:
    """Refuse lines with too few fields, which Polars fills with nulls.

    Raises:
        ContractError: There are such lines.
    """
    path, typed = opened.path, opened.typed
    if path is None or typed is None:
        return
    short = short_lines(tables.files_of(path, opened.kind), opened.kind, len(typed.raw.collect_schema()))
    if short:
        raise ContractError(*(cannot_be_read(short[0], opened.kind, fault) for fault in short[1]))


def _nothing_asked(name: str) -> Finding:
    fix = "write rules into the contract, or have it made: pipeproof contract infer DATA"
    return Finding(
        "PPF316", f"the contract asks nothing of {name}, and nothing asked proves nothing", fix=fix
    )


def _write_rejected(
    frame: pl.LazyFrame, rules: Sequence[Rule], mistyped: Collection[str], into: Path
) -> None:
    """Write the rows that break rules, with the texts that they were read from.

    A format with types keeps those of the table, but where values are not of their type.
    """
    import polars as pl

    kind = tables.format_of(into)
    if kind is None:
        known = [ending for endings in tables.SUFFIXES.values() for ending in endings]
        what = f"{into} has no ending of a table format"
        raise ContractError(Finding("PPF392", what, fix=suggest(into.suffix, known)))
    have = frame.collect_schema().names()
    names = [name for name in have if not name.startswith(OURS) and name not in _ADDED]
    texts = names if kind in tables.SEPARATORS else mistyped
    broken = {f"{OURS}broken {index}": rule.broken for index, rule in enumerate(rules)}
    words = [" ".join((rule.column, rule.name) if rule.name != "key" else ("key",)) for rule in rules]
    said = [pl.when(name).then(pl.lit(word)) for name, word in zip(broken, words, strict=True)]
    rows = frame.with_row_index(OURS + "row", offset=1).with_columns(**broken)
    kept = rows.filter(pl.any_horizontal(pl.lit(value=False), *broken)).select(
        *(
            pl.col(TEXT + name).alias(name) if name in texts and TEXT + name in have else name
            for name in names
        ),
        pl.col(OURS + "row").alias(_ADDED[0]),
        pl.concat_str(pl.lit(None, pl.String), *said, separator="; ", ignore_nulls=True).alias(_ADDED[1]),
    )
    with replacing(into) as file:
        tables.write(kept, file, kind)

"""Holding a table against a contract: the function that people call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.contracts.personal import NONE
from pipeproof.data.checking.asking import OURS, Ways, conclude, questions_for, scan
from pipeproof.data.checking.result import CheckResult
from pipeproof.data.checking.rules import TEXT
from pipeproof.data.contract_files import read_contract
from pipeproof.data.inputs import Opened, broken_file, open_table, reading
from pipeproof.data.privacy.masking import private_columns
from pipeproof.errors import ContractError, Finding, suggest
from pipeproof.formats import tables
from pipeproof.formats.casts import widened
from pipeproof.formats.faults import lines_are_suspect
from pipeproof.model.contract import TableSchema

if TYPE_CHECKING:
    import polars as pl

_LOST = f"{OURS}lost "
_LAST = "last"


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
        rejected: A file that takes the rows which break a rule, in the format of its ending.

    Returns:
        What came of every rule; false when the table does not keep the contract.

    Raises:
        ContractError: The table cannot be read.
        ConfigError: The contract cannot be read.
    """
    schema = contract if isinstance(contract, TableSchema) else read_contract(contract, dataset)
    opened = open_table(table, schema)
    known = {name: open_table(other).frame for name, other in (others or {}).items()}
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
    result, bad = _asked(opened, prepared, schema, ways)
    if not result.asked:
        result = replace(result, findings=(*result.findings, _nothing_asked(result.name)))
    if rejected is not None:
        _write_rejected(prepared.frame, bad, Path(rejected))
    return result


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
        **typed.casts,
        **{TEXT + name: pl.col(name) for name in casts},
        **{_LOST + name: typed.wrong(name) for name in casts},
    )
    last = have.names()[-1:] if opened.kind in tables.SEPARATORS and len(have) > 1 else []
    counts = {_LAST: pl.col(TEXT + last[0] if last[0] in casts else last[0]).is_null().sum()} if last else {}
    lost = {name: pl.col(_LOST + name) for name in casts if name in schema.names}
    return _Prepared(frame, lost, counts, frozenset(typed.guessed) & lost.keys())


def _asked(
    opened: Opened, prepared: _Prepared, schema: TableSchema, ways: Ways
) -> tuple[CheckResult, list[pl.Expr]]:
    """Ask a table; types that were guessed of text and prove wrong are guessed again, from all rows."""
    with reading(opened):
        questions = questions_for(prepared.frame, schema, ways)
        scanned = scan(prepared.frame, schema, questions, ways)
        if scanned.others.get(_LAST):
            _refuse_short_lines(opened)
        result = conclude(prepared.frame, schema, questions, scanned, ways)
    wrong = {
        one.column
        for one in result.rules
        if one.rule == "type" and one.rows and one.column in prepared.guessed
    }
    if wrong and opened.typed is not None:
        typed = widened(opened.typed, wrong)
        again = _prepared(replace(opened, typed=typed), schema)
        return _asked(opened, again, schema, replace(ways, lost=again.lost, counts=again.counts))
    return result, [rule.broken.fill_null(value=False) for rule in questions.rules]


def _refuse_short_lines(opened: Opened) -> None:
    """Refuse lines with too few fields, which Polars fills with nulls.

    Raises:
        ContractError: There are such lines.
    """
    path, typed = opened.path, opened.typed
    if path is None or typed is None:
        return
    columns = len(typed.raw.collect_schema())
    suspect = any(
        lines_are_suspect(file, tables.SEPARATORS[opened.kind], columns)
        for file in tables.files_of(path, opened.kind)
    )
    if suspect:
        unsaid = ValueError("")
        found = broken_file(path, opened.kind, unsaid)
        if any(finding.where and finding.where.line for finding in found):
            raise ContractError(*found)


def _nothing_asked(name: str) -> Finding:
    fix = "write rules into the contract, or have it made: pipeproof contract infer DATA"
    return Finding(
        "PPF316", f"the contract asks nothing of {name}, and nothing asked proves nothing", fix=fix
    )


def _write_rejected(frame: pl.LazyFrame, bad: list[pl.Expr], into: Path) -> None:
    import polars as pl

    kind = tables.format_of(into)
    if kind is None:
        known = [ending for endings in tables.SUFFIXES.values() for ending in endings]
        what = f"{into} has no ending of a table format"
        raise ContractError(Finding("PPF392", what, fix=suggest(into.suffix, known)))
    ours = [name for name in frame.collect_schema() if name.startswith(OURS)]
    rows = frame.filter(pl.any_horizontal(*bad)) if bad else frame.head(0)
    tables.write(rows.drop(ours), into, kind)

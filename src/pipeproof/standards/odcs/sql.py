"""SQL rules of the standard: what they mean to us, and rules of ours as SQL that others can run too."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pipeproof.model.contract import Comparison, Measure, Operator, Scalar

_TABLE = re.compile(r"\$?\{(?:table|object|model)\}")
_COLUMN = re.compile(r"\$?\{(?:column|property|field)\}")
_COUNTS = re.compile(r"SELECT COUNT\(\*\) FROM \$\{table\} WHERE NOT \((?P<sql>.+)\)\Z", re.DOTALL)
_NAME = r'"((?:[^"]|"")+)"'
_COMPARES = re.compile(rf"{_NAME} (<=|>=|<>|<|>|=) {_NAME}\Z")
_SQL_OPERATORS: dict[Operator, str] = {"==": "=", "!=": "<>"}
_OUR_OPERATORS: dict[str, Operator] = {"=": "==", "<>": "!="}

_MEASURES: dict[Measure, str] = {
    "distinct": "1.0 * COUNT(DISTINCT ${column}) / COUNT(${column})",
    "minimum": "MIN(${column})",
    "maximum": "MAX(${column})",
    "mean": "AVG(${column})",
    "median": "MEDIAN(${column})",
    "std": "STDDEV_SAMP(${column})",
    "sum": "SUM(${column})",
}
_BY_SQL = {sql: measure for measure, sql in _MEASURES.items()}
_QUANTILE = "PERCENTILE_CONT({of}) WITHIN GROUP (ORDER BY ${{column}})"
_SHARE = "AVG(CASE WHEN ${{column}} = {of} THEN 1.0 ELSE 0.0 END)"


def spelt(query: str) -> str:
    """Return a query with the placeholders of all versions and dialects spelt alike."""
    return _COLUMN.sub("${column}", _TABLE.sub("${table}", query.strip()))


def read_query(query: str, column: str, names: Iterable[str]) -> str | None:
    """Return a query over `this_table`, or None when it asks for a column that there is none, or for no table of ours.

    Args:
        query: The query, with placeholders.
        column: What `${column}` stands for, empty for none.
        names: What else the table is called.
    """
    text = spelt(query)
    if "${column}" in text and not column:
        return None
    text = text.replace("${column}", quoted(column)).replace("${table}", "this_table")
    for name in names:
        text = re.sub(
            rf'(\b(?:FROM|JOIN)\s+)"?{re.escape(name)}\b"?', r"\1this_table", text, flags=re.IGNORECASE
        )
    return text if "this_table" in text else None


def write_query(sql: str) -> str:
    """Return a query over `this_table` with the standard's placeholder."""
    return re.sub(r"\bthis_table\b", "${table}", sql)


def read_condition(query: str) -> str | None:
    """Return the condition of which a query counts the rows that break it."""
    match = _COUNTS.match(spelt(query))
    return match["sql"] if match else None


def write_condition(sql: str) -> str:
    """Return a query that counts the rows that break a condition."""
    return f"{select('COUNT(*)', '${table}')} WHERE NOT ({sql})"


def read_comparison(condition: str) -> Comparison | None:
    """Return a condition that compares two quoted columns as a comparison."""
    match = _COMPARES.match(condition)
    if match is None:
        return None
    left, right = (name.replace('""', '"') for name in (match[1], match[3]))
    return Comparison(left, _OUR_OPERATORS.get(match[2], match[2]), right)  # type: ignore[arg-type]  # the pattern knows no other


def write_comparison(comparison: Comparison) -> str:
    """Return a comparison as SQL."""
    operator = _SQL_OPERATORS.get(comparison.operator, comparison.operator)
    return f"{quoted(comparison.left)} {operator} {quoted(comparison.right)}"


def read_measure(query: str) -> tuple[Measure, Scalar] | None:
    """Return what a query measures over its column, when it is one that `write_measure` gives."""
    text = spelt(query)
    if not (text.startswith("SELECT ") and text.endswith(" FROM ${table}")):
        return None
    sql = text.removeprefix("SELECT ").removesuffix(" FROM ${table}")
    if sql in _BY_SQL:
        return _BY_SQL[sql], None
    for measure, template in (("quantile", _QUANTILE), ("share", _SHARE)):
        before, after = template.format(of="\0").split("\0")
        if sql.startswith(before) and sql.endswith(after):
            of = _value(sql[len(before) : len(sql) - len(after)])
            return None if of is None else (measure, of)  # type: ignore[return-value]  # of two measures
    return None


def write_measure(measure: Measure, of: Scalar) -> str | None:
    """Return a query that measures something over its column, or None when SQL cannot."""
    template = {"quantile": _QUANTILE, "share": _SHARE}.get(measure)
    sql = template.format(of=literal(of)) if template else _MEASURES.get(measure)
    return None if sql is None else select(sql, "${table}")


def select(what: str, table: str = "this_table") -> str:
    """Return a query for an expression over a table."""
    return f"SELECT {what} FROM {table}"  # noqa: S608 names in the expression are quoted, and contracts are code


def quoted(name: str) -> str:
    """Return a name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """Return a value as SQL."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def _value(text: str) -> Scalar:
    """Return the value that `literal` wrote, or None."""
    if text in {"TRUE", "FALSE"}:
        return text == "TRUE"
    if len(text) > 1 and text[0] == text[-1] == "'":
        inner = text[1:-1]
        return inner.replace("''", "'") if "'" not in inner.replace("''", "") else None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None

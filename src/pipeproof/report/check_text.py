"""What came of a check, as lines: each rule that is not kept, with its rows and examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeproof.contracts.statistics import age_says
from pipeproof.data.checking.result import CheckResult, RuleResult, Status
from pipeproof.report.cells import clean, cut, pad, width
from pipeproof.report.quantities import count, exact_percent, number
from pipeproof.report.style import PLAIN, Style, Tone

_MARKS: dict[Status, tuple[str, Tone]] = {
    "kept": ("✓", "good"),
    "tolerated": ("·", "dim"),
    "broken": ("✗", "bad"),
    "unasked": ("✗", "bad"),
}
_WIDEST = 48
_INDENT = "      "
_NAMES = {"missing_column": "there", "extra_columns": "columns", "min_rows": "rows", "max_rows": "rows"}


def check_lines(result: CheckResult, style: Style = PLAIN, *, whole: bool = False) -> Iterator[str]:
    """Yield what came of one table.

    Args:
        result: What came of it.
        style: Colours.
        whole: Whether to list the rules that are kept too.
    """
    rows = count(result.rows, "row") if result.complete else f"stopped after {count(result.rows, 'row')}"
    asked = count(result.asked, "rule")
    yield style("bold", clean(result.name)) + style("dim", f" · {rows} · {asked}")
    shown = [one for one in result.rules if whole or one.status != "kept"]
    yield from _table(shown, result.rows, style)
    kept = result.counts["kept"]
    if kept and not whole:
        words = "kept" if result.complete else "not broken so far"
        yield f"  {style('good', '✓')} {count(kept, 'rule')} {words}"


def verdict_line(results: Sequence[CheckResult]) -> str:
    """Return the last line: whether all tables passed, how many rules were broken, where to read on."""
    found = [finding for result in results for finding in result.findings]
    absent = sum(finding.code == "PPF318" for finding in found)
    soft = sum(finding.severity == "warning" for finding in found)
    not_asked = [f"{count(absent, 'rule')} not asked"] if absent else []
    warnings = [count(soft, "warning")] if soft else []
    if all(result.passed for result in results):
        tolerated = sum(result.counts["tolerated"] for result in results)
        allowed = [f"{count(tolerated, 'rule')} broken as far as allowed"] if tolerated else []
        return " · ".join(["passed", *not_asked, *allowed, *warnings])
    serious = [one.status for result in results for one in result.rules if one.severity == "error"]
    broken, unasked = serious.count("broken"), serious.count("unasked")
    words = [
        *([f"{count(broken, 'rule')} broken"] if broken else []),
        *([f"{count(unasked, 'rule')} could not be asked"] if unasked else []),
    ]
    said = f"failed: {', '.join(words) or 'nothing was asked'}"
    code = next(finding.code for finding in found if finding.severity == "error")
    return " · ".join([said, *not_asked, *warnings, f"pipeproof help {code}"])


def _table(rules: Sequence[RuleResult], rows: int, style: Style) -> Iterator[str]:
    cells = [
        (clean(one.column), _NAMES.get(one.rule, one.rule), cut(clean(one.says), _WIDEST)) for one in rules
    ]
    cells = [(column, "" if rule == says else rule, says) for column, rule, says in cells]
    widths = [max((width(row[index]) for row in cells), default=0) for index in range(3)]
    for one, row in zip(rules, cells, strict=True):
        mark, tone = _MARKS["tolerated" if one.severity == "note" else one.status]
        if tone == "bad" and one.severity == "warning":
            mark, tone = "!", "warn"
        front = "  ".join(pad(text, wide) for text, wide in zip(row, widths, strict=True) if wide)
        yield f"  {style(tone, mark)} {front}  {_amount(one, rows)}".rstrip()
        below = ", ".join(map(str, one.examples)) or _why(one)
        if below:
            yield style("dim", _INDENT + clean(below))


def _why(result: RuleResult) -> str:
    """Return why a rule cannot be asked, or what to do about it."""
    if result.status == "unasked":
        why = result.why.partition("cannot be checked: ")
        return f"{why[2] or why[0]}; {result.fix}"
    return result.fix if result.status == "broken" else ""


def _amount(result: RuleResult, rows: int) -> str:
    """Return how many rows break a rule, or what was measured."""
    if result.status == "unasked":
        return "not asked"
    if result.code in {"PPF301", "PPF304"} and result.status == "broken":
        return "is missing" if result.code == "PPF301" else "is there"
    if result.rows is None or result.code == "PPF305":
        if result.why and result.value is None:
            return clean(result.why.partition(", ")[0])
        if result.value is None:
            return ""
        is_age = result.column and result.rule == "age" and result.code == "PPF317"
        return f"it is {age_says(result.value) if is_age else number(result.value)}"
    if not result.rows:
        return ""
    allowed = f", allowed {result.allowed:,}" if result.allowed else ""
    return f"{count(result.rows, 'row')} ({exact_percent(result.rows / max(rows, 1))}{allowed})"

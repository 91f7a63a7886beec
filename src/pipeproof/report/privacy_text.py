"""What was found of personal data, as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeproof.data.privacy.detecting import Flag, Scan
from pipeproof.report.cells import clean, pad, width
from pipeproof.report.quantities import count
from pipeproof.report.style import PLAIN, Style

_FOUND = {"contract": "contract", "name": "name", "content": "content", "both": "name and content"}


def scan_lines(scan: Scan, style: Style = PLAIN) -> Iterator[str]:
    """Yield what was found in a table: a line for it and one for each column."""
    parts = [style("bold", clean(scan.table)), _how_many(scan, style), _looked(scan)]
    yield " · ".join(parts)
    rows = [_cells(flag) for flag in scan.flags]
    widths = [max(map(width, cells)) for cells in zip(*rows, strict=True)]
    for cells in rows:
        yield "  " + "  ".join(pad(cell, wide) for cell, wide in zip(cells, widths, strict=True)).rstrip()


def _how_many(scan: Scan, style: Style) -> str:
    if not scan.flags:
        return style("good", f"no personal data found in {count(scan.columns, 'column')}")
    said = f"personal data in {len(scan.flags)} of {count(scan.columns, 'column')}"
    return style("warn", said)


def _looked(scan: Scan) -> str:
    if scan.looked == scan.rows:
        return f"all {count(scan.rows, 'row')} looked at" if scan.rows else "no rows"
    return f"{scan.looked:,} of {scan.rows:,} rows looked at"


def _cells(flag: Flag) -> Sequence[str]:
    share = "" if flag.share is None else f"{flag.share:.0%}"
    return (
        clean(flag.column),
        flag.kind,
        f"{flag.confidence:.2f}",
        _FOUND[flag.found],
        share,
        flag.says,
        clean(", ".join(flag.evidence)),
    )

"""What a folder holds, and what a table was converted to, as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeproof.data.folders.converting import Converted
from pipeproof.data.folders.manifest import Dataset, Manifest
from pipeproof.report.cells import clean, pad, width
from pipeproof.report.quantities import count, size
from pipeproof.report.style import PLAIN, Style

_PACKINGS = {"gzip": ".gz", "zstd": ".zst"}
_ENCODINGS = {"utf-8": "", "windows-1252": "not UTF-8; windows-1252 is a guess"}
_SHOWN = 20


def manifest_lines(manifest: Manifest, style: Style = PLAIN) -> Iterator[str]:
    """Yield what a folder holds: a line for it, one for each dataset, and what else there is."""
    rows = sum(dataset.rows for dataset in manifest.datasets)
    total = sum(facts.size for _, facts in manifest.all_files())
    parts = [count(len(manifest.datasets), "dataset"), count(rows, "row"), size(total)]
    yield " · ".join([style("bold", clean(str(manifest.folder))), *parts])
    yield from _table([_cells(dataset) for dataset in manifest.datasets])
    if manifest.files:
        shown = [f"{clean(file.path)} ({file.kind}, {size(file.size)})" for file in manifest.files]
        yield f"other files: {_some(shown)}"
    hidden = [f"{clean(item.path)} ({item.why})" for item in manifest.left_out if not item.unreadable]
    if hidden:
        yield style("dim", f"left out: {_some(hidden)}")


def converted_lines(converted: Converted, style: Style = PLAIN) -> Iterator[str]:
    """Yield what a table was converted to, and what the format could not hold."""
    parts = [converted.format, count(converted.rows, "row"), count(len(converted.columns), "column")]
    if converted.files > 1:
        parts.append(count(converted.files, "file"))
    yield " · ".join([style("bold", clean(str(converted.path))), *parts, size(converted.size)])
    if converted.lost:
        note = f"{converted.format} cannot hold all of it: read again without a contract,"
        yield style("warn", note)
        yield from (f"  {clean(str(lost))}" for lost in converted.lost)


def checked_line(folder: Path, datasets: int, files: int, style: Style = PLAIN) -> str:
    """Return the line that says that a folder is as it was."""
    parts = [count(datasets, "dataset"), count(files, "file"), style("good", "as the manifest says")]
    return " · ".join([style("bold", clean(str(folder))), *parts])


def _cells(dataset: Dataset) -> Sequence[str]:
    packing = _PACKINGS.get(dataset.compression, "")
    encoding = _ENCODINGS.get(dataset.encoding, dataset.encoding)
    by = f"by {', '.join(dataset.partitions)}" if dataset.partitions else ""
    return (
        clean(dataset.name),
        f"{dataset.format}{packing}",
        count(len(dataset.files), "file"),
        count(dataset.rows, "row"),
        count(len(dataset.columns), "column"),
        size(dataset.size),
        " ".join(part for part in (by, encoding) if part),
    )


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    numbers = {2, 3, 4, 5}  # columns of amounts stand at the right
    widths = [max(map(width, cells)) for cells in zip(*rows, strict=True)]
    for cells in rows:
        placed = (
            " " * (wide - width(cell)) + cell if index in numbers else pad(cell, wide)
            for index, (cell, wide) in enumerate(zip(cells, widths, strict=True))
        )
        yield "  " + "  ".join(placed).rstrip()


def _some(items: Sequence[str]) -> str:
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return ", ".join(items[:_SHOWN]) + more

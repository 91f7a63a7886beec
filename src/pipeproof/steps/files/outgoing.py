"""What a copy is to write where: datasets turned into files, patterns into the files they match."""

from __future__ import annotations

import contextlib
import glob
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.errors import ContractError, Finding
from pipeproof.model.codec import from_plain
from pipeproof.model.contract import TableSchema

if TYPE_CHECKING:
    import polars as pl

_REFUSED = "; nothing was written"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A file to write: where its content is, and its place."""

    source: Path
    to: Path


@dataclass(frozen=True, slots=True)
class Promise:
    """What a target promises; `warn` is told what breaks it, and without it that is an error."""

    schema: TableSchema
    target: str
    warn: Callable[[str], object] | None = None

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Hold what is done inside to the promise."""
        try:
            yield
        except ContractError as error:
            if self.warn is None:
                raise
            for finding in error.findings:
                self.warn(finding.what.removesuffix(_REFUSED))


def files_to_write(
    args: Mapping[str, Any], warn: Callable[[str], object] = lambda _what: None
) -> list[Outgoing]:
    """Return the files of a copy, checked against the target's contract.

    Args:
        args: What to copy, where to, and the contract.
        warn: Told what breaks a contract that only warns.

    Raises:
        ContractError: There is nothing to copy, or it breaks the contract.
    """
    to = Path(args["to"])
    folder = args["folder"] or to.is_dir()
    promise = _promise(args, warn)
    if args["table"] is not None:
        return [_table(Path(args["table"]), args, to, promise, folder=folder)]
    if args["kind"] == "value":
        if promise is not None:
            with promise.kept():
                raise _no_table(args["name"], args["to_name"])
        return [_value(args, to, folder=folder)]
    sources = _sources(args)
    outgoing = [
        Outgoing(path, to / name if folder or len(sources) > 1 or args["kind"] == "folder" else to)
        for path, name in sources
    ]
    if promise is not None:
        for item in outgoing:
            with promise.kept():
                _hold(item, promise, Path(args["scratch"]))
    return outgoing


def _promise(args: Mapping[str, Any], warn: Callable[[str], object]) -> Promise | None:
    if args["schema"] is None:
        return None
    schema = from_plain(TableSchema, args["schema"])
    return Promise(schema, args["to_name"], warn if args.get("enforce") == "warn" else None)


def _sources(args: Mapping[str, Any]) -> list[tuple[Path, str]]:
    """Return the files that are copied as they are, each with its name at the place."""
    path, root = Path(args["path"]), Path(args["root"])
    if args["kind"] == "file":
        return [(path, args["name"])]
    if path.is_dir():
        files = sorted(item for item in path.rglob("*") if item.is_file())
        return [(item, str(item.relative_to(path))) for item in files] or _nothing(args["path"])
    if path.is_file():
        return [(path, path.name)]
    if not glob.has_magic(str(path)):
        raise ContractError(Finding("PPF143", f"there is no file {args['path']}", fix="check `path`"))
    from pipeproof.steps.files.operate import matching

    files = matching(args["path"], root)
    start = _still(path)
    return [(item, str(item.relative_to(start))) for item in files] or _nothing(args["path"])


def _still(pattern: Path) -> Path:
    """Return the folder that a pattern starts in; what it matches keeps its folders below that."""
    parts = []
    for part in pattern.parts:
        if glob.has_magic(part):
            break
        parts.append(part)
    return Path(*parts)


def _nothing(path: str) -> list[tuple[Path, str]]:
    raise ContractError(Finding("PPF143", f"{path} stands for no file, there is nothing to copy"))


def _table(
    table: Path, args: Mapping[str, Any], to: Path, promise: Promise | None, *, folder: bool
) -> Outgoing:
    import polars as pl

    from pipeproof.formats import tables

    place = to / f"{args['name']}.parquet" if folder else to
    kind = tables.format_of(place)
    if kind is None:
        raise _unknown_ending(args["name"], place)
    frame = pl.scan_parquet(table, glob=False)
    if promise is not None:
        with promise.kept():
            _refuse_broken(frame, promise)
    if kind == "parquet":
        return Outgoing(table, place)
    staged = _parent_made(Path(args["scratch"]) / "staged" / place.name)
    tables.write(frame, staged, kind)
    return Outgoing(staged, place)


def _unknown_ending(name: str, place: Path) -> ContractError:
    known = "csv, tsv, parquet, arrow, jsonl, csv.gz, jsonl.zst"
    what = f"the table {name!r} cannot be written to {place.name}: the ending says no format of a table"
    return ContractError(Finding("PPF208", what, fix=f"let the path end in one of: {known}"))


def _value(args: Mapping[str, Any], to: Path, *, folder: bool) -> Outgoing:
    staged = _parent_made(Path(args["scratch"]) / "staged")
    staged.write_text(json.dumps(args["value"], indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return Outgoing(staged, to / f"{args['name']}.json" if folder else to)


def _parent_made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _hold(item: Outgoing, promise: Promise, scratch: Path) -> None:
    """Hold a file against the target's contract, read in the format that its name says."""
    import polars as pl

    from pipeproof.formats import tables
    from pipeproof.formats.convert import to_parquet

    kind = tables.format_of(item.to)
    if kind is None:
        raise _no_table(item.to.name, promise.target)
    read = _parent_made(scratch / "read.parquet")
    to_parquet(item.source, kind, promise.schema, read, f"{promise.target}: {item.to.name}")
    _refuse_broken(pl.scan_parquet(read, glob=False), promise)


def _refuse_broken(frame: pl.LazyFrame, promise: Promise) -> None:
    from pipeproof.data.checking.edges import check_table

    findings = [_said(finding, promise.target) for finding in check_table(frame, promise.schema)]
    if findings:
        raise ContractError(*findings)


def _said(finding: Finding, target: str) -> Finding:
    shown = f" ({finding.evidence})" if finding.evidence else ""
    fix = finding.fix or "filter or repair the rows before, or change the contract"
    return replace(finding, what=f"{target}: {finding.what}{shown}{_REFUSED}", fix=fix)


def _no_table(name: str, target: str) -> ContractError:
    what = f"{target} has a contract for a table, {name} is none{_REFUSED}"
    return ContractError(Finding("PPF208", what, fix="write a table there, or drop the contract"))

"""A folder held against its manifest: each difference is a finding, and all are told at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeproof.data.folders.discovering import discover, files_by_path
from pipeproof.data.folders.manifest import Dataset, FileFacts, Manifest
from pipeproof.data.folders.reading import Written, read_written
from pipeproof.errors import ContractError, Finding, Location

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Validation:
    """What came of holding a folder against its manifest; it is true when nothing is wrong.

    Attributes:
        manifest: What the folder should hold.
        findings: Differences; files that are new are notes.
        files: How many files were looked at.
    """

    manifest: Manifest
    findings: tuple[Finding, ...]
    files: int

    @property
    def passed(self) -> bool:
        """Whether the folder holds all that it should, unchanged."""
        return all(finding.severity == "note" for finding in self.findings)

    def __bool__(self) -> bool:
        return self.passed

    def raise_for_findings(self) -> None:
        """Raise what is wrong.

        Raises:
            ContractError: The folder differs from its manifest.
        """
        wrong = [finding for finding in self.findings if finding.severity != "note"]
        if wrong:
            raise ContractError(*wrong)

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain data."""
        return {
            "schema": "pipeproof.validation/1",
            "folder": self.manifest.folder.as_posix(),
            "passed": self.passed,
            "files": self.files,
            "findings": [
                {
                    "code": finding.code,
                    "severity": finding.severity,
                    "where": str(finding.where or ""),
                    "dataset": finding.dataset,
                    "what": finding.what,
                    "evidence": finding.evidence,
                    "fix": finding.fix,
                }
                for finding in self.findings
            ],
        }


def validate(manifest: str | Path | Manifest, folder: str | Path | None = None) -> Validation:
    """Hold a folder against its manifest.

    Args:
        manifest: The manifest, or its file.
        folder: The folder where it is another one than the manifest names, such as a copy.

    Raises:
        ConfigError: The file cannot be read as a manifest.
        ContractError: There is no such folder.
    """
    written = None if isinstance(manifest, Manifest) else read_written(Path(manifest))
    old = written.manifest if written else manifest
    assert isinstance(old, Manifest)  # noqa: S101 the one or the other
    old = old if folder is None else replace(old, folder=Path(folder))
    beside = [] if isinstance(manifest, Manifest) else [Path(manifest)]
    new = discover(old.folder, leave_out=beside)
    findings = [_placed(finding, written) for finding in differences(old, new)]
    return Validation(old, tuple(findings), sum(1 for _ in new.all_files()))


def differences(old: Manifest, new: Manifest) -> Iterator[Finding]:
    """Yield how a folder differs from what it held: by dataset, then other files, then what is new."""
    there = files_by_path(new)
    unreadable = {item.path: item.why for item in new.left_out if item.unreadable}
    for dataset in old.datasets:
        yield from _of_files(dataset.name, dataset.files, there, unreadable, f"dataset {dataset.name!r}")
        yield from _of_columns(dataset, new)
    yield from _of_files("", old.files, there, unreadable, "")
    known = {path for path, _ in ((file.path, name) for name, file in old.all_files())}
    known |= {item.path for item in old.left_out}
    yield from _new_files(there, known, {dataset.name for dataset in old.datasets})
    for path, why in unreadable.items():
        if path not in known:
            yield Finding("PPF397", f"{path} {why}", severity="warning", fix="mend it, or move it away")


def _of_files(
    name: str,
    files: Sequence[FileFacts],
    there: dict[str, tuple[str, FileFacts]],
    unreadable: dict[str, str],
    what: str,
) -> Iterator[Finding]:
    for file in files:
        if file.path in unreadable:
            text = f"{file.path} {unreadable[file.path]}"
            yield Finding("PPF397", text, dataset=name, path=_place(name, file), fix="fetch it again")
    gone = [file for file in files if file.path not in there and file.path not in unreadable]
    changed = [
        (file, there[file.path][1])
        for file in files
        if file.path in there and there[file.path][1].sha256 != file.sha256
    ]
    if gone:
        text = _of(what, files, gone, "is missing", "are missing")
        fix = "fetch them again, or write the manifest anew" if len(gone) > 1 else "fetch it again"
        yield Finding("PPF393", text, dataset=name, path=_place(name, gone[0]), fix=fix)
    if changed:
        text = _of(what, files, [file for file, _ in changed], "has changed", "have changed")
        fix = "if that is meant, write the manifest anew with `data discover`"
        evidence = "; ".join(_change(file, now) for file, now in changed[:_SHOWN])
        place = _place(name, changed[0][0])
        yield Finding("PPF394", text, dataset=name, path=place, evidence=evidence, fix=fix)


def _of(what: str, files: Sequence[FileFacts], some: Sequence[FileFacts], one: str, many: str) -> str:
    """Return ``2 of 12 files of dataset 'sales' have changed: a, b``, or of a single file its path."""
    if len(some) == 1:
        return f"{some[0].path} {one}"
    shown = ", ".join(file.path for file in some[:_SHOWN])
    more = f" and {len(some) - _SHOWN} more" if len(some) > _SHOWN else ""
    of = f" of {what}" if what else ""
    return f"{len(some):,} of {len(files):,} files{of} {many}: {shown}{more}"


def _change(old: FileFacts, new: FileFacts) -> str:
    """Return in which way a file is another one."""
    parts = []
    if old.rows != new.rows:
        parts.append(f"{_rows(old)} → {_rows(new)} rows")
    parts.append(
        f"{old.size:,} → {new.size:,} bytes" if old.size != new.size else f"still {old.size:,} bytes"
    )
    if new.modified and new.modified != old.modified:
        parts.append(f"written {new.modified}")
    return f"{old.path}: {', '.join(parts)}"


def _rows(facts: FileFacts) -> str:
    return "?" if facts.rows is None else f"{facts.rows:,}"


def _of_columns(dataset: Dataset, new: Manifest) -> Iterator[Finding]:
    now = _now(dataset, new)
    if now is None:
        return
    was, are = {**dataset.columns, **dataset.partitions}, {**now.columns, **now.partitions}
    said = [
        *(f"{name} is gone" for name in was if name not in are),
        *(f"{name} is new ({are[name]})" for name in are if name not in was),
        *(
            f"{name} was {was[name]} and is {are[name]}"
            for name in was
            if are.get(name, was[name]) != was[name]
        ),
    ]
    if not said and list(was) != list(are):
        said = [f"their order was {', '.join(was)}"]
    if said:
        what = f"dataset {dataset.name!r} has other columns: {'; '.join(said)}"
        fix = "if that is meant, write the manifest anew with `data discover`"
        yield Finding(
            "PPF395", what, dataset=dataset.name, path=("datasets", dataset.name, "columns"), fix=fix
        )


def _now(dataset: Dataset, new: Manifest) -> Dataset | None:
    """Return what a dataset is now: the one that has most of its files."""
    paths = {file.path for file in dataset.files}
    shared = [(sum(file.path in paths for file in other.files), other) for other in new.datasets]
    most, found = max(shared, key=lambda pair: pair[0], default=(0, None))
    return found if most else None


def _new_files(
    there: dict[str, tuple[str, FileFacts]], known: set[str], datasets: Iterable[str]
) -> Iterator[Finding]:
    fresh: dict[str, list[str]] = {}
    for path, (name, _) in there.items():
        if path not in known:
            fresh.setdefault(name if name in datasets else "", []).append(path)
    for name, paths in fresh.items():
        shown = ", ".join(paths[:_SHOWN]) + (
            f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        )
        of = f", parts of dataset {name!r}" if name else ""
        verb = "is" if len(paths) == 1 else "are"
        what = f"{shown} {verb} not in the manifest{of}"
        yield Finding(
            "PPF396", what, severity="note", dataset=name, fix="write the manifest anew to include it"
        )


def _place(name: str, file: FileFacts) -> tuple[str | int, ...]:
    return ("datasets", name, "files", file.path) if name else ("files", file.path)


def _placed(finding: Finding, written: Written | None) -> Finding:
    """Return a finding with its place in the manifest's file, or without one where there is no such file."""
    if written is None:
        return finding
    if finding.path:
        return finding.at(written.node.locate_key(finding.path))
    return finding.at(Location(written.node.where.file))

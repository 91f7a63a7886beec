"""``files``: copy a dataset or files to a target, list files, wait for a file."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pipeproof.errors import Finding
from pipeproof.model.artifact import Artifact
from pipeproof.model.codec import to_plain
from pipeproof.model.contract import TABLE_FORMATS, Contract, Port
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Effects, Isolation, Step
from pipeproof.ports import Job, Objects, Program, Result, StepKind, Wiring, config_of, option
from pipeproof.running.publishing import from_plain, note_of, publish
from pipeproof.steps.files.place import local, not_local, problem_of, resolve, seen
from pipeproof.steps.files.write import discard


@dataclass(frozen=True, slots=True)
class FilesConfig:
    """What a files step needs."""

    operation: Literal["copy", "list", "wait"] = option(
        "copy",
        doc="copy writes to a target, list makes a table of files, wait gives a file once it is there.",
    )
    input_name: str = option("", doc="Dataset to copy; or give `path`.")
    path: str = option("", doc="File, folder or pattern (data/**/*.csv) to copy, list or wait for.")
    to: str = option("", doc="Where a copy goes: a name under `targets:`, or a path in the project.")
    output_name: str = option("", doc="Dataset that it makes; the step's name unless given.")
    overwrite: bool = option(default=True, doc="Whether a copy may take the place of a file.")
    interval: float = option(1.0, doc="Seconds between two looks while waiting.")


def _wire(name: str, config: FilesConfig, _contract: Contract) -> Wiring:
    read = {config.input_name: config.input_name} if config.input_name else {}
    output = config.output_name or name
    return Wiring(read, {output: output})


def _effects(config: FilesConfig) -> Effects:
    return "external" if config.operation == "copy" else "none"


def _check(step: Step, pipeline: Pipeline) -> Iterable[Finding]:
    config = config_of(step, FilesConfig)
    found = [*_keys(config), *_reading(step, config, pipeline), *_writing(config, pipeline)]
    found += _waiting(step, config, pipeline)
    for finding in found:
        yield replace(finding, what=f"step {step.name!r}: {finding.what}", step=step.name)


def _keys(config: FilesConfig) -> Iterable[Finding]:
    given = {key for key in ("input_name", "path", "to") if getattr(config, key)}
    if config.operation == "copy":
        if len(given & {"input_name", "path"}) != 1:
            yield Finding("PPF104", "copy needs either `input_name`, a dataset, or `path`", path=("config",))
        if "to" not in given:
            yield Finding(
                "PPF104", "copy needs the key 'to'", path=("config",), fix="name a target or a path"
            )
        return
    if "path" not in given:
        yield Finding("PPF104", f"{config.operation} needs the key 'path'", path=("config",))
    for key in sorted(given - {"path"}):
        what = f"{key} means nothing for {config.operation}"
        yield Finding("PPF105", what, path=("config", key), fix="remove it, or use operation: copy")


def _reading(step: Step, config: FilesConfig, pipeline: Pipeline) -> Iterable[Finding]:
    if not config.path:
        return
    if finding := not_local(config.path, "path"):
        yield replace(finding, path=("config", "path"))
    elif (
        config.operation == "copy"
        and not step.needs  # a step before may make it
        and "{" not in config.path
        and not glob.has_magic(config.path)
        and not (Path(pipeline.root) / local(config.path, "path")).exists()
    ):
        fix = "check the path; if a step makes it, name that step in depends_on"
        yield Finding("PPF143", f"there is no file {config.path}", path=("config", "path"), fix=fix)


def _writing(config: FilesConfig, pipeline: Pipeline) -> Iterable[Finding]:
    if config.operation != "copy" or not config.to:
        return
    if finding := problem_of(config.to, pipeline.targets, Path(pipeline.root)):
        yield replace(finding, path=("config", "to"))


def _waiting(step: Step, config: FilesConfig, pipeline: Pipeline) -> Iterable[Finding]:
    if config.operation != "wait":
        return
    if config.interval <= 0:
        what = f"interval must be above 0, this is {config.interval:g}"
        yield Finding("PPF105", what, path=("config", "interval"))
    if step.timeout is None and pipeline.timeout is None:
        what = f"it waits for {config.path} without an end"
        yield Finding("PPF128", what, severity="warning", fix="give the step a `timeout`")


def _prepare(job: Job, objects: Objects) -> Program:
    config = config_of(job, FilesConfig)
    root, path = seen(local(str(config.path), "path"), job.root, job.sealed)
    if config.operation == "copy":
        return Program("pipeproof.steps.files.operate:copy", _copy_args(job, config, root / path, objects))
    about = {"root": str(root), "path": path}
    if config.operation == "list":
        into = str(job.scratch / "table.parquet")
        return Program("pipeproof.steps.files.operate:list_files", {**about, "into": into})
    if job.sealed:
        return Program("pipeproof.steps.files.operate:find", about)
    return Program("pipeproof.steps.files.operate:wait", {**about, "interval": config.interval})


def _copy_args(job: Job, config: FilesConfig, path: Path, objects: Objects) -> dict[str, Any]:
    place = resolve(str(config.to), job.targets, job.root, job.sealed)
    return {
        "root": str(job.root),
        "scratch": str(job.scratch),
        "to": str(place.path),
        "to_name": f"target {place.target!r}" if place.target else str(config.to),
        "folder": place.folder,
        "schema": None if place.schema is None or place.enforce == "off" else to_plain(place.schema),
        "enforce": place.enforce,
        "overwrite": config.overwrite,
        "note": str(note_of(job) or ""),
        "run": job.run,
        "task": job.task.name,
        **_content(job, config, path, objects),
    }


def _content(job: Job, config: FilesConfig, path: Path, objects: Objects) -> dict[str, Any]:
    """Return where the content of a copy is, and what it is."""
    nothing = {"table": None, "value": None, "path": "", "name": config.input_name}
    if not config.input_name:
        return {**nothing, "kind": "outside", "path": str(path)}
    artifact = job.given(config.input_name)
    given = {**nothing, "kind": artifact.kind}
    if artifact.kind == "table":
        return given | {"table": str(objects.path(artifact.digest))}
    if artifact.kind == "value":
        from pipeproof.data.artifacts import value_of

        return given | {"value": value_of(artifact, objects)}
    if artifact.kind == "folder":
        laid_out = job.scratch / "folder"
        objects.lay_out(artifact.digest, laid_out)
        return given | {"path": str(laid_out)}
    return given | {"path": str(objects.path(artifact.digest)), "name": artifact.name or config.input_name}


def _collect(job: Job, result: Result, objects: Objects) -> Mapping[str, Artifact]:
    config = config_of(job, FilesConfig)
    name = next(iter(job.step.outputs))
    if config.operation == "list":
        from pipeproof.steps.staging import collect_table

        return collect_table(job, result, objects)
    if config.operation == "wait":
        return {name: _arrived(Path(result.value["path"]), name, job, objects)}
    _publish(job, config, result, objects)
    return {name: _sent(job, config, result, objects)}


def _publish(job: Job, config: FilesConfig, result: Result, objects: Objects) -> None:
    """Let what a copy brought beside its places take these; in a trial it is there already."""
    note = note_of(job)
    if note is None:
        return
    staged = [from_plain(file) for file in result.value["files"]]
    try:
        publish(
            staged,
            objects,
            root=job.root,
            outbox=Path(job.outbox),
            note=note,
            about=(job.run, job.task.name),
            overwrite=config.overwrite,
        )
    finally:
        for item in staged:
            discard(item.temporary)


def _arrived(path: Path, name: str, job: Job, objects: Objects) -> Artifact:
    """Take a file in: as a table when the step's contract says so, else as it is."""
    port = job.step.contract.outputs.get(name, Port(name))
    kind = port.format or (_format_of(path) if port.schema is not None else None)
    if kind in TABLE_FORMATS:
        from pipeproof.steps.staging import read_into

        return read_into(path, job.scratch, replace(port, format=kind), objects, f"the file {path.name}")
    digest, size = objects.add(path, move=False)
    return Artifact("file", digest, size, name=path.name)


def _format_of(path: Path) -> str | None:
    from pipeproof.formats.tables import format_of

    return format_of(path)


def _sent(job: Job, config: FilesConfig, result: Result, objects: Objects) -> Artifact:
    """Return what went out, byte for byte; several files from outside are listed, not kept."""
    files = result.value["files"]
    if result.value["staged"] is not None:
        digest, size = objects.add(Path(result.value["staged"]), move=False)
        return Artifact("file", digest, size, name=Path(files[0]["path"]).name)
    if config.input_name:
        artifact = job.given(config.input_name)
        return replace(artifact, name=Path(str(config.to)).name)
    from pipeproof.data.artifacts import value_artifact

    listed = [{key: file[key] for key in ("path", "sha256", "bytes")} for file in files]
    return value_artifact(listed, objects, job.scratch)


def _barrier(step: Step) -> str:
    config = config_of(step, FilesConfig)
    return "it copies files that are no dataset" if config.operation == "copy" and config.path else ""


def _isolation(_step: Step) -> Isolation:
    return "thread"


KIND = StepKind(
    name="files",
    summary="copy a dataset or files to a target, list files, wait for a file",
    config=FilesConfig,
    example="""\
- name: publish
  type: files
  config:
    operation: copy
    input_name: predictions
    to: published/predictions.csv
""",
    wire=_wire,
    prepare=_prepare,
    collect=_collect,
    check=_check,
    isolation=_isolation,
    effects=_effects,
    barrier=_barrier,
    redirects=True,
    templates=("path", "to"),
)

"""Datasets as plain data for the code of a step, and back: what it is given, and what it made."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeproof.digest import digest_value
from pipeproof.errors import ContractError, Finding
from pipeproof.model.artifact import Artifact
from pipeproof.model.codec import from_plain
from pipeproof.model.step import Step
from pipeproof.ports import Objects


def give(artifact: Artifact, objects: Objects, folder: str, *, own: bool = False) -> dict[str, Any]:
    """Return a dataset as plain data: a value itself, a table or file by its path.

    Args:
        artifact: The dataset.
        objects: Where it is kept.
        folder: Where a file or folder is laid out; it is there already when the code asks twice.
        own: Whether a value is copied, for code in this process, which may change what it is given.
    """
    objects.refuse_damaged(artifact)
    if artifact.kind == "value" and not artifact.is_inline:
        return {"json": str(objects.path(artifact.digest))}
    if artifact.kind == "value":
        return {"value": copy.deepcopy(artifact.value) if own else artifact.value}
    if artifact.kind == "table":
        return {"table": str(objects.path(artifact.digest))}
    to = Path(folder) / (artifact.name or "data")
    if not to.exists():
        to.parent.mkdir(parents=True, exist_ok=True)
        objects.lay_out(artifact.digest, to)
    return {"path": str(to)}


def take(made: Mapping[str, Any], step: Step, name: str, objects: Objects) -> Artifact:
    """Return the artifact of what the code made, which is taken into the store.

    Args:
        made: It as plain data; ``{"stored": ...}`` when it was taken in while the code ran.
        step: The step.
        name: The name that the code uses for it; of an output, its contract counts.
        objects: Where it is kept.

    Raises:
        ContractError: It is a path where nothing stands.
    """
    if "stored" in made:
        return from_plain(Artifact, made["stored"])
    if "json" in made:
        from pipeproof.data.artifacts import take_value

        return take_value(Path(made["json"]), objects)
    if "value" in made:
        return Artifact("value", digest_value(made["value"]), value=made["value"])
    path = Path(made.get("table") or made["path"])
    if not path.exists():
        what = f"{step.name} returned the path {path}, which does not exist"
        raise ContractError(Finding("PPF207", what, step=step.name))
    if "table" in made:
        from pipeproof.data.artifacts import take_table
        from pipeproof.formats.convert import narrow_dates

        port = step.contract.outputs.get(name)
        narrow_dates(path, port.schema if port else None)
        return take_table(path, objects, f"{name}.parquet")
    digest, size = objects.add(path, move=False)
    return Artifact("folder" if path.is_dir() else "file", digest, size, name=path.name)

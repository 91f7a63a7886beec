"""What a step's context says, refuses and opens on behalf of the code. Standard library only."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from pipeproof.errors import ContractError, Finding, Location
from pipeproof.running.checkpoints import Checkpoints
from pipeproof.running.context_data import StepResult
from pipeproof.running.describe import is_users
from pipeproof.running.exchange import as_json

Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]
_LONGEST = 16_384  # characters of metadata, which stand in the ledger


def checked(ask: Ask | None, question: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the answer to a question.

    Raises:
        ContractError: The answer is that something is wrong.
    """
    if ask is None:
        what = "the context can be asked for nothing here: the step is of a kind that reads its inputs only"
        raise ContractError(Finding("PPF260", what, _caller()))
    answer = ask(question)
    if "findings" in answer:
        raise ContractError(
            *(Finding(where=_caller(), **finding) for finding in answer["findings"])  # the line that asked
        )
    return answer


def refuse_twice(step: str, kind: str, name: str) -> NoReturn:
    """Refuse a name that was used before.

    Raises:
        ContractError: Always.
    """
    said = "stored the dataset" if kind == "stored" else "logged the artifact"
    what = f"{step} has {said} {name!r} before"
    raise ContractError(Finding("PPF261", what, _caller(), step=step, fix="use another name"))


def plain_metadata(name: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata as plain data.

    Raises:
        ContractError: JSON has nothing for a part of it, or it is too much for a record.
    """
    try:
        plain = as_json(dict(metadata))
        short = len(json.dumps(plain)) <= _LONGEST
    except (TypeError, ValueError):
        plain, short = {}, False
    if not short:
        what = f"the metadata of {name!r} are not what JSON can hold in {_LONGEST:,} characters"
        raise ContractError(
            Finding("PPF262", what, _caller(), fix="store what is large as a dataset of its own")
        )
    return {str(key): value for key, value in plain.items()}


def choose_output(result: StepResult, name: str | None) -> str:
    """Return the dataset of a step upstream that is meant.

    Raises:
        ContractError: There is none of this name, or there are several and no name is given.
    """
    wanted = [
        output for output in result.outputs if name is None or output in {name, f"{result.step}.{name}"}
    ]
    if len(wanted) == 1:
        return wanted[0]
    there = ", ".join(result.outputs) or "none"
    what = f"{result.step} has {'no' if not wanted else 'more than one'} dataset {name or ''}".rstrip()
    raise ContractError(Finding("PPF260", f"{what}; it made: {there}", _caller(), fix="name one of them"))


def open_checkpoints(
    ask: Callable[..., Mapping[str, Any]], scratch: str, tell: Callable[[str], None]
) -> Checkpoints:
    """Return the checkpoints of a step; those that were computed from other data are left aside."""
    answer = ask({"ask": "checkpoints"})
    if answer.get("note"):
        tell(answer["note"])
    folder = Path(answer["folder"])
    found = Checkpoints(folder, Path(scratch))
    used = [what for kind, _, what in found.journal if kind == "seen"]
    changed = ask({"ask": "changed", "seen": used})["changed"] if used else []
    if not changed:
        return found
    tell(f"checkpoints of an earlier attempt were left aside: {', '.join(changed)} changed since")
    found.clear()
    return Checkpoints(folder, Path(scratch))


def _caller() -> Location | None:
    """Return the line of the user's code that is asking."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 the only way to the caller that makes no list of frames
    while frame is not None and not is_users(frame.f_code.co_filename):
        frame = frame.f_back
    return None if frame is None else Location(frame.f_code.co_filename, frame.f_lineno)

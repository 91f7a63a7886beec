"""``hook``: a function or script that is called around a run or a step; hidden, the plan puts it there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeproof.digest import digest_value
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Contract, frozen
from pipeproof.model.step import Isolation, Step
from pipeproof.planning.hooks import HOOK, Call
from pipeproof.ports import Job, Objects, Program, Result, StepKind, Wiring, config_of

VARIABLE = "PIPEPROOF_EVENT"
"""Environment variable in which a script finds what happened, as JSON."""


def _wire(_name: str, _config: Any, _contract: Contract) -> Wiring:
    return Wiring()


def _prepare(job: Job, _objects: Objects) -> Program:
    config = config_of(job, Call)
    event = {"moment": config.moment, "run": job.run, **job.about}
    return Program(
        "pipeproof.steps.calls.hook:call_hook",
        {
            "function": config.function,
            "root": str(job.root),
            "event": event,
            "arguments": dict(config.arguments),
        },
        path=str(job.root),
        environment=frozen({} if ":" in config.function else {VARIABLE: json.dumps(event, default=str)}),
    )


def _collect(_job: Job, result: Result, _objects: Objects) -> Mapping[str, Artifact]:
    said = result.value
    return {} if said is None else {"said": Artifact("value", digest_value(said), value=said)}


def _code_files(step: Step, root: Path) -> Iterable[Path]:
    file, mark, _ = config_of(step, Call).function.rpartition(":")
    path = root / (file if mark else config_of(step, Call).function)
    return [path] if path.suffix == ".py" and path.is_file() else []


def _isolation(_step: Step) -> Isolation:
    return "worker"


KIND = StepKind(
    name=HOOK,
    summary="a function or script that is called around a run or a step",
    config=Call,
    example="",
    wire=_wire,
    prepare=_prepare,
    collect=_collect,
    code=_code_files,
    isolation=_isolation,
    effects=lambda _config: "external",
    hidden=True,
)

"""``script``: a Python file with ``main``, as SageMaker processing and training jobs use it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeproof.errors import Finding, Location, suggest
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Contract, Port, frozen
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Isolation, Step
from pipeproof.planning.templates import fill, names_in
from pipeproof.ports import Entry, Job, Objects, Program, Result, StepKind, Wiring, config_of, option
from pipeproof.steps.calls.calling import entry_of
from pipeproof.steps.counterpart import Counterpart
from pipeproof.steps.python.found import takes
from pipeproof.steps.staging import Slot, lay_out, previous_of, slot, take

_PATHS = ("input_", "output_")


@dataclass(frozen=True, slots=True)
class ScriptConfig:
    """What a script step needs."""

    script: str = option(doc="Path of the Python file.")
    inputs: Mapping[str, str] = option(
        factory=dict, doc="Name the script uses → dataset it gets; the same unless given."
    )
    outputs: Mapping[str, str] = option(
        factory=dict, doc="Name the script uses → dataset it makes; STEP.NAME unless given."
    )
    arguments: Mapping[str, Any] = option(
        factory=dict,
        doc="Values of the script's arguments; {parameter}, {input_NAME} and {output_NAME} are filled in.",
    )


def _wire(name: str, config: ScriptConfig, contract: Contract) -> Wiring:
    inputs = {port: port for port in contract.inputs} | dict(config.inputs)
    outputs = {port: f"{name}.{port}" for port in contract.outputs} | dict(config.outputs)
    return Wiring(inputs, outputs)


def input_slots(job_scratch: Path, step: Step) -> dict[str, Slot]:
    """Return where the script sees each input."""
    return {name: slot(_port(step.contract.inputs, name), job_scratch / "input") for name in step.inputs}


def output_slots(job_scratch: Path, step: Step) -> dict[str, Slot]:
    """Return where the script is to write each output."""
    return {name: slot(_port(step.contract.outputs, name), job_scratch / "output") for name in step.outputs}


def _port(ports: Mapping[str, Port], name: str) -> Port:
    """Return a port with a format: CSV for a table whose format is not said, else as declared."""
    port = ports.get(name, Port(name))
    if port.format is None and port.schema is not None:
        return replace(port, format="csv")
    return port


def _prepare(job: Job, objects: Objects) -> Program:
    config = config_of(job, ScriptConfig)
    outputs = output_slots(job.scratch, job.step)
    slots = input_slots(job.scratch, job.step)
    inputs = {name: place for name, place in slots.items() if job.step.inputs[name] in job.inputs}
    for name, place in inputs.items():
        lay_out(job.inputs[job.step.inputs[name]], place, objects)
    inputs |= _lay_out_previous(job, objects)
    for place in outputs.values():
        (place.path if place.folder else place.path.parent).mkdir(parents=True, exist_ok=True)
    script = job.root / config.script
    given = {argument.name: argument.default for argument in job.step.contract.arguments}
    given |= dict(config.arguments)
    absent = {f"input_{name}" for name in slots.keys() - inputs.keys()}
    given = {name: value for name, value in given.items() if absent.isdisjoint(names_in(value))}
    paths = {f"input_{name}": str(place.path) for name, place in inputs.items()}
    paths |= {f"output_{name}": str(place.path) for name, place in outputs.items()}
    return Program(
        "pipeproof.steps.calls.script:call_script",
        {
            "script": str(script),
            "root": str(job.root),
            "input_paths": {name: str(place.path) for name, place in inputs.items()},
            "output_paths": {name: str(place.path) for name, place in outputs.items()},
            "environ_vars": _variables(job.step),
            "arguments": fill(given, {**job.parameters, **paths}),
            "folders": {"input": _folders(inputs), "output": _folders(outputs)},
        },
        path=str(script.parent),
        environment=job.step.environment,
        counterpart=Counterpart(job, objects, outputs=False),
    )


def _lay_out_previous(job: Job, objects: Objects) -> dict[str, Slot]:
    """Lay out what the iteration before made, and return where; nothing in the first one."""
    laid_out = {}
    for (name, artifact), local in zip(previous_of(job).items(), job.step.outputs, strict=False):
        if artifact is not None:
            place = slot(
                replace(_port(job.step.contract.outputs, local), name=name, path=None),
                job.scratch / "previous",
            )
            lay_out(artifact, place, objects)
            laid_out[name] = place
    return laid_out


def _folders(places: Mapping[str, Slot]) -> dict[str, str]:
    return {name: str(place.path if place.folder else place.path.parent) for name, place in places.items()}


def _placeholders(config: ScriptConfig) -> Iterable[str]:
    """Yield the parameters that the arguments use; paths are filled in too, but are no parameters."""
    return (name for name in names_in(config.arguments) if not name.startswith(_PATHS))


def _unknown_paths(step: Step, pipeline: Pipeline) -> Iterable[Finding]:
    config = config_of(step, ScriptConfig)
    known = {*(f"input_{name}" for name in step.inputs), *(f"output_{name}" for name in step.outputs)}
    for name in dict.fromkeys(names_in(config.arguments)):
        if name.startswith(_PATHS) and name not in known and name not in pipeline.parameters:
            yield Finding(
                "PPF132",
                f"step {step.name!r} uses the placeholder {{{name}}}, which is neither one of its paths nor a parameter",
                step=step.name,
                path=("config", "arguments"),
                fix=suggest(name, known) or "declare the input or output",
            )


def _variables(step: Step) -> dict[str, str | None]:
    """Return what the step sets over the contract's defaults; None is for the process to fill in."""
    declared: dict[str, str | None] = {
        variable.name: variable.default for variable in step.contract.environment
    }
    return declared | dict(step.environment)


def _collect(job: Job, _result: Result, objects: Objects) -> Mapping[str, Artifact]:
    taken = {
        name: take(place, job.step.name, objects)
        for name, place in output_slots(job.scratch, job.step).items()
    }
    return frozen({name: artifact for name, artifact in taken.items() if artifact is not None})


def _check(step: Step, pipeline: Pipeline) -> Iterable[Finding]:
    config = config_of(step, ScriptConfig)
    yield from _unknown_paths(step, pipeline)
    path = Path(pipeline.root) / config.script
    if not path.is_file():
        return
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", 0) or 0
        reason = getattr(error, "msg", str(error))
        yield Finding(
            "PPF144",
            f"{config.script} is no valid Python: {reason}",
            Location(config.script, line, getattr(error, "offset", 0) or 0),
            step=step.name,
            fix="correct the line",
        )
        return
    if not entry_of(tree):
        module = "; its `main` is an imported module" if _imports_main(tree) else ""
        yield Finding(
            "PPF142",
            f'{config.script} has neither a function `main` nor a block `if __name__ == "__main__"`{module}',
            Location(config.script, 1),
            step=step.name,
            fix="add def main(input_paths, output_paths, environ_vars, job_args)",
        )


def _imports_main(tree: ast.Module) -> bool:
    """Whether `main` is a module, which cannot be called."""
    imports = [node for node in tree.body if isinstance(node, ast.Import)]
    return any((alias.asname or alias.name) == "main" for node in imports for alias in node.names)


def imported(path: Path) -> set[str]:
    """Return the top-level modules that a Python file imports; empty for one that cannot be parsed."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def _code(step: Step, root: Path) -> Iterable[Path]:
    config = config_of(step, ScriptConfig)
    yield root / config.script


def _entry(step: Step, root: Path) -> Entry:
    # The whole file: it is imported, or runs as a program, whatever of it is called then.
    return Entry(root / config_of(step, ScriptConfig).script, "main")


def _asks(step: Step, root: Path) -> bool:
    script = config_of(step, ScriptConfig).script
    if taken := takes(f"{script}:main", root):
        return "context" in taken
    try:  # one whose `main` comes from elsewhere may take anything
        return entry_of(ast.parse((root / script).read_bytes())) == "paths"
    except (OSError, SyntaxError, ValueError):
        return False


def _isolation(_step: Step) -> Isolation:
    return "fresh"


KIND = StepKind(
    name="script",
    summary="a Python file with main(input_paths, output_paths, environ_vars, job_args)",
    config=ScriptConfig,
    example="""\
- name: clean
  type: script
  config:
    script: scripts/clean.py
    inputs: {raw: raw_flights}
    outputs: {clean: flights}
    arguments: {max-delay: 600}
  contract:
    inputs: {raw: {format: csv}}
    outputs: {clean: {format: parquet}}
""",
    wire=_wire,
    prepare=_prepare,
    collect=_collect,
    check=_check,
    code=_code,
    asks=_asks,
    entry=_entry,
    isolation=_isolation,
    placeholders=_placeholders,
    paths={"script": "PPF141"},
    spares=True,
)

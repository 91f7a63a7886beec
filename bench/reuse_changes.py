"""Is a result ever reused wrongly? Random projects are planned before and after a random change.

.venv/bin/python bench/reuse_changes.py                # 10,000 cases, every 200th of them run for real
.venv/bin/python bench/reuse_changes.py 500 7          # 500 of them, from seed 7

A project has three to six steps in two to four modules of constants, functions and classes; steps use these, each
other's results, arguments, parameters, files that they open, folders that they list, variables and a plug-in by
name. The oracle calls every step from scratch, before and after the change. What it came to before is written into a
real ledger, with what it was seen to use; then the changed project is planned, and what would be taken is held
against what comes out. Real runs do the same with processes and the kernel's own trace.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeproof.digest import digest_value
from pipeproof.model.artifact import Artifact
from pipeproof.model.event import Finished, RunFinished, RunStarted, Started
from pipeproof.model.outcome import Outcome, Seen
from pipeproof.model.plan import Plan, Task
from pipeproof.planning.keys import key_with
from pipeproof.planning.reuse import inputs_of, settling
from pipeproof.project import load
from pipeproof.project.execute import plan
from pipeproof.project.execute import run as run_for_real
from pipeproof.project.place import Project
from pipeproof.project.reusing import Reusing
from pipeproof.running.seen import digest_seen
from pipeproof.store.salt import keep_salt

MEANINGLESS = ("comment", "layout", "docstring", "beside", "touch", "retry", "order", "unused", "unasked")
MEANING = (
    "number",
    "number",
    "number",
    "argument",
    "parameter",
    "file",
    "folder",
    "variable",
    "plug-in",
    "missing",
    "uses",
    "default",
    "rename",
    "input",
)
VARIABLE = "REUSE_CHANGES"


@dataclass(frozen=True)
class Item:
    """A definition in a module: a constant, function or class with a number, and the items that it uses."""

    name: str
    kind: str
    module: int
    number: int
    uses: tuple[str, ...] = ()


@dataclass(frozen=True)
class StepText:
    """A step: the items that it uses, what it reads of the world, its inputs and its argument."""

    name: str
    uses: tuple[str, ...]
    reads: tuple[str, ...]
    inputs: tuple[str, ...]
    argument: int
    default: int = 1


@dataclass(frozen=True)
class World:
    """A project as it is at one moment, with what is around it."""

    items: tuple[Item, ...]
    steps: tuple[StepText, ...]
    modules: int
    parameters: Mapping[str, int]
    files: Mapping[str, str]
    variables: Mapping[str, str] = field(default_factory=dict)
    comment: str = ""
    spaced: bool = False
    docs: bool = False
    beside: bool = False
    retry: int = 0
    turned: bool = False


READS = ("file", "folder", "variable", "plug-in", "missing", "exec")
_READ = {
    "file": "pathlib.Path('data/file.txt').read_text()",
    "folder": "sorted(os.listdir('data/many'))",
    "variable": f"os.environ.get('{VARIABLE}')",
    "plug-in": "importlib.import_module('plug' + 'ged').VALUE",
    "missing": "pathlib.Path('data/more.txt').read_text() if os.path.exists('data/more.txt') else None",
    "exec": "(lambda found: (exec(pathlib.Path('data/code.txt').read_text(), found), found['value'])[1])({})",
}


def make_world(rng: random.Random) -> World:
    """Return a random project."""
    modules, items = rng.randint(2, 4), []
    for number in range(rng.randint(5, 12)):
        module = rng.randrange(modules)
        known = [one.name for one in items if one.module >= module]
        uses = tuple(rng.sample(known, min(len(known), rng.randint(0, 2))))
        kind = rng.choice(("const", "function", "function", "class"))
        items.append(Item(f"i{number}", kind, module, rng.randrange(100), uses))
    steps: list[StepText] = []
    for number in range(rng.randint(3, 6)):
        before = [one.name for one in steps]
        steps.append(
            StepText(
                f"s{number}",
                tuple(rng.sample([one.name for one in items], rng.randint(0, 3))),
                tuple(rng.sample(READS, rng.choice((0, 0, 1, 2)))),
                tuple(rng.sample(before, min(len(before), rng.randint(0, 2)))),
                rng.randrange(100),
            )
        )
    files = {
        "data/file.txt": "1",
        "data/many/one.txt": "1",
        "data/code.txt": "value = 1",
        "plugged.py": "from plugged_too import VALUE\n",
        "plugged_too.py": "VALUE = 1\n",
    }
    return World(tuple(items), tuple(steps), modules, {"rate": 1, "spare": 1}, files)


def change(world: World, kind: str, rng: random.Random) -> World:
    """Return the project after a change."""
    number, steps, items = rng.randrange(1000, 2000), list(world.steps), list(world.items)
    at, item = rng.randrange(len(steps)), rng.randrange(len(items))
    step = steps[at]
    if kind == "number":
        items[item] = replace(items[item], number=number)
    elif kind == "uses":
        known = [one.name for one in items[:item] if one.module >= items[item].module]
        items[item] = replace(items[item], uses=tuple(rng.sample(known, min(len(known), 1))))
    elif kind == "argument":
        steps[at] = replace(step, argument=number)
    elif kind == "default":
        steps[at] = replace(step, default=number)
    elif kind == "input":
        steps[at] = replace(step, inputs=step.inputs[1:])
    elif kind == "rename":
        steps = [_renamed(one, step.name, "other") for one in steps]
    else:
        return _change_around(world, kind, number)
    return replace(world, steps=tuple(steps), items=tuple(items))


def _renamed(step: StepText, old: str, new: str) -> StepText:
    inputs = tuple(new if name == old else name for name in step.inputs)
    return replace(step, name=new if step.name == old else step.name, inputs=inputs)


def _change_around(world: World, kind: str, number: int) -> World:
    files = {
        "file": {"data/file.txt": str(number)},
        "folder": {f"data/many/{number}.txt": "1"},
        "plug-in": {"plugged_too.py": f"VALUE = {number}\n"},
        "missing": {"data/more.txt": str(number)},
    }
    changes: dict[str, Any] = {
        "parameter": {"parameters": {**world.parameters, "rate": number}},
        "unused": {"parameters": {**world.parameters, "spare": number}},
        "variable": {"variables": {VARIABLE: str(number)}},
        "unasked": {"variables": {"REUSE_UNASKED": str(number)}},
        "comment": {"comment": f"# {number}\n"},
        "layout": {"spaced": True},
        "docstring": {"docs": True},
        "beside": {"beside": True},
        "retry": {"retry": 3},
        "order": {"turned": True},
    }
    return replace(world, **changes.get(kind, {"files": {**world.files, **files.get(kind, {})}}))


def texts_of(world: World) -> Iterator[tuple[str, str]]:
    """Yield the files of a project, each with its text."""
    yield from world.files.items()
    by_name = {item.name: item for item in world.items}
    for module in range(world.modules):
        own = [item for item in world.items if item.module == module]
        others = sorted({by_name[name].module for item in own for name in item.uses} - {module})
        head = "".join(f"import m{other}\n" for other in others)
        body = "".join(_definition(item, by_name, world) for item in own)
        beside = "def beside():\n    return 1\n" if world.beside else ""
        yield f"m{module}.py", f"{world.comment}{head}{beside}{body}"
    imports = "".join(f"import m{module}\n" for module in range(world.modules))
    for step in world.steps:
        yield (
            f"{step.name}.py",
            f"{world.comment}import importlib\nimport os\nimport pathlib\n{imports}{_function(step, by_name, world)}",
        )
    yield "flow.yaml", json.dumps(_workflow(world))


def _definition(item: Item, by_name: Mapping[str, Item], world: World) -> str:
    shown = ", ".join([str(item.number), *(_use(by_name[name], item.module) for name in item.uses)])
    gap, docs = ("\n\n" if world.spaced else ""), ("    'Words.'\n" if world.docs else "")
    if item.kind == "const":
        return f"{gap}{item.name} = [{shown}]\n"
    if item.kind == "function":
        return f"{gap}def {item.name}():\n{docs}    return [{shown}]\n"
    return f"{gap}class {item.name}:\n{docs}    held = [{shown}]\n"


def _use(item: Item, module: int | None) -> str:
    name = item.name if item.module == module else f"m{item.module}.{item.name}"
    return {"const": name, "function": f"{name}()", "class": f"{name}.held"}[item.kind]


def _function(step: StepText, by_name: Mapping[str, Item], world: World) -> str:
    used = [
        *(_use(by_name[name], None) for name in step.uses),
        *(_READ[what] for what in step.reads),
        *step.inputs,
    ]
    taken = ", ".join(
        [*step.inputs, "argument", *(["rate"] if len(step.uses) == 1 else []), f"more={step.default}"]
    )
    rate = ["rate"] if len(step.uses) == 1 else []
    docs = "    'Words.'\n" if world.docs else ""
    return f"def make({taken}):\n{docs}    return [{', '.join([*used, 'argument', *rate, 'more'])}]\n"


def _workflow(world: World) -> dict[str, Any]:
    steps = [
        {
            "name": step.name,
            "type": "python",
            "config": {
                "function": f"{step.name}.py:make",
                "inputs": list(step.inputs),
                "arguments": {"argument": step.argument},
            },
            **({"retry_count": world.retry} if world.retry else {}),
        }
        for step in world.steps
    ]
    listed = steps[::-1] if world.turned else steps
    return {"workflow": {"name": "flow", "steps": listed}, "parameters": dict(world.parameters)}


def write(folder: Path, world: World) -> None:
    """Write a project; what stands there already and is as it should be stays untouched."""
    for name, text in texts_of(world):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_text() != text:
            file.write_text(text)


class _Asked(dict[str, str]):
    """Variables, noting which of them are asked for."""

    names: set[str]

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


_opened: set[str] | None = None


def _hear(event: str, details: tuple[Any, ...]) -> None:
    if _opened is not None and event in {"open", "os.listdir"} and isinstance(details[0], str):
        _opened.add(str(Path.cwd() / details[0]))


@contextmanager
def _around(folder: Path, world: World) -> Iterator[_Asked]:
    """Be in a project's folder with its variables and none of its modules."""
    global _opened  # noqa: PLW0603 a hook cannot be taken off again
    before, path, here, variables = set(sys.modules), list(sys.path), Path.cwd(), os.environ
    asked = _Asked({**os.environ, **world.variables})
    asked.names = set()
    sys.path.insert(0, str(folder))
    os.chdir(folder)
    os.environ = asked  # type: ignore[assignment]  # noqa: B003 the oracle's own process, and put back below
    _opened = set()
    try:
        yield asked
    finally:
        _opened, os.environ = None, variables
        os.chdir(here)
        sys.path[:] = path
        for name in set(sys.modules) - before:
            del sys.modules[name]
        for kept in [kept for kept in sys.path_importer_cache if kept.startswith(str(folder))]:
            del sys.path_importer_cache[kept]


@dataclass(frozen=True)
class Made:
    """What a step came to when it was called from scratch, and what it used.

    Attributes:
        value: What it returned.
        files: What it opened or listed.
        variables: What it asked for.
        asks: Whether it asked after a file that may not be there.
        followed: Whether parsing can follow its code.
    """

    value: Any
    files: frozenset[str]
    variables: frozenset[str]
    asks: bool = False
    followed: bool = True


def call_all(folder: Path, world: World) -> dict[str, Made]:
    """Return what every step comes to, each called with no module in memory."""
    made: dict[str, Made] = {}
    for step in world.steps:
        with _around(folder, world) as asked:
            given = {name: made[name].value for name in step.inputs} | {"argument": step.argument}
            if len(step.uses) == 1:
                given["rate"] = world.parameters["rate"]
            value = importlib.import_module(step.name).make(**given)
            used = frozenset(path for path in _opened or () if path.startswith(f"{folder}/"))
            followed = not {"plug-in", "exec"} & set(step.reads)
            made[step.name] = Made(value, used, frozenset(asked.names), "missing" in step.reads, followed)
    return made


def artifact(value: Any) -> Artifact:
    """Return the artifact of a value, as the run keeps small ones."""
    return Artifact("value", digest_value(value), value=value)


def seen_of(made: Made, project: Project, world: World) -> tuple[Seen, ...]:
    """Return what the trace would say of a step that came to this."""
    names = [("variable", name) for name in sorted(made.variables & {VARIABLE})]
    for path in sorted(made.files):
        file = Path(path)
        if "__pycache__" in path or "/.pipeproof" in path or path == str(project.root):
            continue
        what = "folder" if file.is_dir() else "module" if file.suffix == ".py" else "file"
        names.append((what, str(file.relative_to(project.root))))
    if made.asks:
        names.append(("presence", "data/more.txt"))
    environment = {**os.environ, **world.variables}
    return tuple(
        replace(one, digest=digest_seen(one, project.root, environment, world.parameters, salt=project.salt))
        for one in (Seen(what, name) for what, name in names)  # type: ignore[arg-type]  # the kinds of the line above
    )


@contextmanager
def variables_of(world: World) -> Iterator[None]:
    """Let the variables of a project be those of this process."""
    before = {name: os.environ.get(name) for name in (VARIABLE, "REUSE_UNASKED")}
    os.environ.update(world.variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def keep(folder: Path, world: World, made: Mapping[str, Made]) -> None:
    """Write into the project's ledger that all steps were run and came to this."""
    with variables_of(world):
        examined = load(str(folder / "flow.yaml"))
        the_plan, project = plan(examined, world.parameters), examined.project
        keep_salt(project.made_state, project.salt)
        outputs = {name: artifact(one.value) for name, one in made.items()}
        tasks = {task.name: task for task in the_plan.tasks}
        started = RunStarted("r-1", "flow", tuple(tasks), dict.fromkeys(tasks, "python"))
        events: list[Any] = [started]
        for task in the_plan.tasks:
            name = task.name
            outcome = Outcome(name, 1, {name: outputs[name]}, seen=seen_of(made[name], project, world))
            key = key_with(task.static, outputs, task.step)
            events += [Started(name, 1, key, task.static)]
            events += [Finished(outcome, key, task.static, inputs_of(task, outputs))]
        project.ledger.append("r-1", [*events, RunFinished("passed")])
        project.ledger.keep_texts(the_plan.texts)
        project.ledger.close()


def taken(folder: Path, world: World, made: Mapping[str, Made]) -> dict[str, Task]:
    """Return what a run of the changed project would do with each step, when they come to this."""
    with variables_of(world):
        examined = load(str(folder / "flow.yaml"))
        the_plan, project = plan(examined, world.parameters), examined.project
        reusing = Reusing(project, the_plan.pipeline)
        settle = settling(reusing.past(the_plan), the_plan)
        decided, outputs, passed = {}, {}, {}
        for task in _in_order(the_plan):
            known = {name: outputs[name] for name in task.step.inputs.values() if name in outputs}
            one = task if task.decision != "undecided" else settle(task, known, passed)
            decided[task.name] = one
            found = one.reused if one.decision == "reuse" else None
            outputs[task.name] = found.outputs[task.name] if found else artifact(made[task.name].value)
            passed[task.name] = found or Outcome(task.name, 1, {task.name: outputs[task.name]})
        project.ledger.close()
    return decided


def _in_order(the_plan: Plan) -> Iterator[Task]:
    done: set[str] = set()
    waiting = list(the_plan.tasks)
    while waiting:
        ready = [task for task in waiting if set(task.needs) <= done]
        yield from ready
        done |= {task.name for task in ready}
        waiting = [task for task in waiting if task.name not in done]


def run_all(folder: Path, world: World) -> dict[str, tuple[bool, Any]]:
    """Run a project for real: step → whether it was taken, and what it came to."""
    with variables_of(world):
        done = run_for_real(str(folder / "flow.yaml"), world.parameters)
        assert done, done.record
        return {
            name: (step.status == "reused", step.outputs[name].value)
            for name, step in done.record.steps.items()
        }


def try_case(seed: int, folder: Path, *, real: bool = False) -> tuple[str, Counter[str]]:
    """Make, change and plan one project; return the kind of change, and what came of its steps."""
    rng = random.Random(seed)
    before = make_world(rng)
    kind = rng.choice(MEANINGLESS + MEANING)
    after = change(before, kind, rng)
    folder.mkdir(parents=True)
    write(folder, before)
    first = call_all(folder, before)
    run_all(folder, before) if real else keep(folder, before, first)
    write(folder, after)
    if kind == "touch":
        for file in folder.rglob("*.txt"):
            os.utime(file)
    second = call_all(folder, after)
    if real:
        came = run_all(folder, after)
    else:
        decided = taken(folder, after, second)
        came = {
            name: (task.reused is not None, task.reused.outputs[name].value if task.reused else None)
            for name, task in decided.items()
        }
    return kind, _judged(kind, came, first, second)


def _judged(
    kind: str, came: Mapping[str, tuple[bool, Any]], first: Mapping[str, Made], second: Mapping[str, Made]
) -> Counter[str]:
    counts: Counter[str] = Counter()
    for name, (reused, value) in came.items():
        if reused:
            counts["taken" if value == second[name].value else "WRONG REUSE"] += 1
        elif kind in MEANINGLESS:
            counts["NEEDLESS RUN" if second[name].followed else "run, cannot be followed"] += 1
        elif name in first and first[name].value == second[name].value:
            counts["run, with the same result"] += 1
        else:
            counts["run"] += 1
    return counts


sys.addaudithook(_hear)


def main(words: list[str]) -> None:
    """Print how often each came out."""
    cases, start = int(words[0]) if words else 10_000, int(words[1]) if len(words) > 1 else 0
    counts: Counter[tuple[str, str]] = Counter()
    root = Path(tempfile.mkdtemp(prefix="pipeproof-reuse-"))
    every = 200
    for seed in range(start, start + cases):
        real = seed % every == 0
        kind, came = try_case(seed, root / str(seed), real=real)
        shutil.rmtree(root / str(seed))
        for what, number in came.items():
            counts[("real: " if real else "") + kind, what] += number
            if what.isupper():
                print(f"seed {seed}: {kind}: {number} x {what}", flush=True)
    for (kind, what), number in sorted(counts.items()):
        print(f"{kind:<18}{what:<28}{number:>7,}")
    for what in sorted({what for _, what in counts}):
        print(f"{'all':<18}{what:<28}{sum(n for (_, one), n in counts.items() if one == what):>7,}")


if __name__ == "__main__":
    main(sys.argv[1:])

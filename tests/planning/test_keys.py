"""Static keys: what decides what a step makes is in them, and nothing else; what changed can be told."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.digest import digest_file
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Column, Condition, Contract, Port, Statistic, TableSchema, Variable
from pipeproof.model.plan import Check, Task
from pipeproof.model.reuse import Keyed
from pipeproof.model.step import Step
from pipeproof.planning.changes import changes_between, in_words
from pipeproof.planning.keys import Ground, key_of, key_with
from pipeproof.ports import Code, StepKind, Wiring


@dataclass(frozen=True)
class Config:
    """Config of a kind that does nothing."""

    text: Any = ""
    file: str = ""


KIND = StepKind(
    "idle",
    "does nothing",
    Config,
    "",
    wire=lambda _name, _config, _contract: Wiring(),
    prepare=None,  # type: ignore[arg-type]  # nothing is run here
    collect=None,  # type: ignore[arg-type]  # nothing is run here
    takes=lambda _step, _root: ("taken",),
)


def code_of(step: Step, _kind: StepKind) -> Code:
    return Code({"steps.py:f": step.config.file}) if step.config.file else Code()  # type: ignore[attr-defined]  # the config above


def ground(root: Path = Path(), **changes: Any) -> Ground:
    made = Ground(root, {"idle": KIND}, code_of, digest_file, {}, b"salt")
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def step(name: str = "a", *reads: str, text: Any = "", file: str = "", **more: Any) -> Step:
    inputs = {read: read for read in reads}
    return Step(name, "idle", Config(text, file), inputs=inputs, outputs={name: name}, **more)


def keyed(
    what: Step, parameters: Mapping[str, Any] | None = None, checks: tuple[Check, ...] = (), **changes: Any
) -> Keyed:
    return key_of(Task(what, "", "run", "", checks=checks), parameters or {}, ground(**changes))


def key(what: Step, **changes: Any) -> str:
    return keyed(what, **changes).static


CONFIGS = st.recursive(
    st.text() | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(CONFIGS)
def test_a_key_depends_on_content_and_not_on_order(config: Any) -> None:
    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(item) for key, item in reversed(value.items())}
        return [turned(item) for item in value] if isinstance(value, list) else value

    assert key(step("a", text=config)) == key(step("a", text=turned(config)))


@given(CONFIGS, CONFIGS)
def test_different_configs_have_different_keys(one: Any, other: Any) -> None:
    same = repr(one) == repr(other) or one == other
    assert same or key(step("a", text=one)) != key(step("a", text=other))


LATE = TableSchema(statistics=(Statistic("at", "age", maximum=60.0),))


@pytest.mark.parametrize(
    "changed",
    [
        step(text="y"),
        step("a", "b", text="x"),
        step("b", text="x"),
        step(text="x", file="1"),
        step(text="x", environment={"A": "1"}),
        step(text="x", contract=Contract(refuses=("r",))),
        step(text="x", contract=Contract(outputs={"a": Port("a", schema=TableSchema((Column("c"),)))})),
    ],
)
def test_what_decides_a_step_is_in_its_key(changed: Step) -> None:
    assert key(changed) != key(step(text="x"))


@pytest.mark.parametrize(
    "surroundings",
    [
        {"salt": b"other"},
        {"seed": 1},
        {"parameters": {"taken": 2}},
        {"checks": (Check("b", "b", TableSchema((Column("c"),)), "fail", "input"),)},
        {"variables": {"REGION": "eu"}},
    ],
)
def test_what_surrounds_a_step_is_in_its_key(surroundings: dict[str, Any]) -> None:
    declared = step(contract=Contract(environment=(Variable("REGION"),)))
    assert key(declared, **surroundings) != key(declared, parameters={"taken": 1})


def test_a_parameter_that_a_step_does_not_use_is_not_in_its_key() -> None:
    assert key(step(), parameters={"other": 1}) == key(step(), parameters={"other": 2})


@pytest.mark.parametrize(
    "changed",
    [{"timeout": 3.0}, {"description": "x"}, {"group": "g"}, {"isolation": "fresh"}, {"needs": ("b",)}],
)
def test_how_a_step_is_run_is_not_in_its_key(changed: dict[str, Any]) -> None:
    assert key(step(**changed)) == key(step())


def test_a_file_that_is_known_to_decide_is_in_the_key(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    kinds = {"idle": replace(KIND, files=lambda _step, root: [root / "data.csv"])}
    data.write_text("1")
    before = key(step(), root=tmp_path, kinds=kinds)
    data.write_text("2")
    assert key(step(), root=tmp_path, kinds=kinds) != before


def test_the_folder_of_the_project_is_not_in_the_key(tmp_path: Path) -> None:
    one, two = (
        key(step(text={"path": f"{root}/raw.csv"}), root=root) for root in (tmp_path / "a", tmp_path / "b")
    )
    assert one == two


def test_a_value_of_the_environment_does_not_stand_in_the_text() -> None:
    declared = step(environment={"TOKEN": "correct horse"}, contract=Contract(environment=(Variable("KEY"),)))
    made = keyed(declared, variables={"KEY": "battery staple"})
    assert not {"correct horse", "battery staple"} & set(made.text.split('"'))


@pytest.mark.parametrize(
    ("what", "checks", "why"),
    [
        (step(cache=False), (), "it says cache: false"),
        (step(effects="external"), (), "it touches the world (effects: external)"),
        (step(), (Check("a", "a", LATE, "fail", "output"),), "its contract asks what time it is"),
        (
            step(),
            (Check("a", "a", TableSchema(conditions=(Condition("c", "at < now()"),)), "fail", "output"),),
            "its contract asks what time it is",
        ),
        (step(), (), ""),
    ],
)
def test_what_must_not_be_taken_again_says_why(what: Step, checks: tuple[Check, ...], why: str) -> None:
    assert keyed(what, checks=checks).barrier == why


def test_a_step_whose_code_cannot_be_told_has_no_key() -> None:
    made = keyed(step(), code=lambda _step, _kind: Code(unknown="its function has no source"))
    assert (made.static, made.barrier) == ("", "its function has no source")


@pytest.mark.parametrize("name", ["TZ", "LC_ALL", "PYTHONHASHSEED", "PYTHONOPTIMIZE", "POLARS_MAX_THREADS"])
def test_a_variable_that_any_code_depends_on_makes_another_key(name: str) -> None:
    shared = ground(variables={name: "1"})
    before = key_of(Task(step(), "", "run", ""), {}, shared)
    shared.variables = {name: "2"}
    after = key_of(Task(step(), "", "run", ""), {}, shared)
    changes = changes_between(before.text, after.text, shared.texts.__getitem__)
    assert in_words(changes) == f"variable {name}: 1 → 2"
    assert key(step(), variables={"OTHER": "1"}) == key(step(), variables={"OTHER": "2"})


def test_the_content_of_inputs_makes_another_key() -> None:
    reading = step("a", "b")
    one, two = (key_with("s", {"b": Artifact("value", digest)}, reading) for digest in "12")
    assert one != two


def test_which_parts_changed_is_said() -> None:
    shared = ground()
    before = key_of(Task(step(text="1", file="1"), "", "run", ""), {"taken": 1}, shared)
    after = key_of(Task(step(text="1", file="2"), "", "run", ""), {"taken": 2}, shared)
    changes = changes_between(before.text, after.text, shared.texts.__getitem__)
    assert in_words(changes) == "code steps.py:f changed, config file: 1 → 2, parameter taken: 1 → 2"


def test_a_key_is_the_same_in_another_process(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path\nfrom pipeproof.plugins import Kinds\nfrom pipeproof.model.step import Step\n"
        "from pipeproof.model.plan import Task\nfrom pipeproof.ports import Code\n"
        "from pipeproof.planning.keys import Ground, key_of\nfrom pipeproof.steps.script import ScriptConfig\n"
        "step = Step('a', 'script', ScriptConfig('s.py', {'b': 'c', 'a': 'd'}), inputs={'x': 'y', 'b': 'c'})\n"
        "ground = Ground(Path('.'), Kinds(), lambda *_: Code({'s.py:f': '1'}), str, {}, b'salt')\n"
        "print(key_of(Task(step, '', 'run', ''), {'n': 1}, ground).static)\n"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1

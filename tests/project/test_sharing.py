"""Results that machines share: two state folders with one store of state and one of objects."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeproof.model.artifact import Artifact
from pipeproof.model.event import Finished
from pipeproof.model.outcome import Outcome
from pipeproof.project import Project
from pipeproof.project.execute import plan, run
from pipeproof.project.sharing import RESULTS, Shared, merged, shared_salt
from pipeproof.store.keyvalue.checked import CheckedStore
from pipeproof.store.keyvalue.memory import MemoryBackend

PIPELINE = """\
workflow:
  name: shared
  steps:
  - {name: table, type: python, config: {function: "steps.py:table"}}
  - {name: total, type: python, config: {function: "steps.py:total", inputs: [table]}}
"""
STEPS = """\
import polars as pl

def table():
    return pl.DataFrame({"x": [1, 2, 3]})

def total(table: pl.DataFrame):
    return int(table["x"].sum())
"""


@pytest.fixture
def machines(tmp_path: Path) -> tuple[Path, Path]:
    """Two checkouts of one project, as on two machines; nothing is common but the stores."""
    made = []
    for name in ("one", "two"):
        root = tmp_path / name
        root.mkdir()
        (root / "shared.yaml").write_text(PIPELINE)
        (root / "steps.py").write_text(STEPS)
        (root / "pipeproof.yaml").write_text(
            f"store: {{state: 'sqlite:///{tmp_path}/state.db', objects: 'file://{tmp_path}/objects'}}\n"
        )
        made.append(root)
    return made[0], made[1]


def test_what_one_machine_made_another_one_takes(
    machines: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = machines
    monkeypatch.chdir(one)
    first = run("shared.yaml")
    monkeypatch.chdir(two)
    second = run("shared.yaml")
    assert {name: step.reused_from for name, step in second.record.steps.items()} == dict.fromkeys(
        ("table", "total"), first.name
    )
    assert second["table"].outputs["table"].table()["x"].to_list() == [1, 2, 3]


def test_what_differs_on_the_other_machine_is_run_there(
    machines: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = machines
    monkeypatch.chdir(one)
    run("shared.yaml")
    (two / "steps.py").write_text(STEPS.replace("int(", "10 * int("))
    monkeypatch.chdir(two)
    decided = {task.name: task.decision for task in plan("shared.yaml").tasks}
    assert decided == {"table": "reuse", "total": "run"}


def test_without_settings_nothing_is_shared(machines: tuple[Path, Path]) -> None:
    (machines[0] / "pipeproof.yaml").unlink()
    assert not Project.at(machines[0]).shares


@pytest.fixture
def state() -> CheckedStore:
    return CheckedStore(MemoryBackend(), "memory:")


def finished(run: int) -> Finished:
    return Finished(Outcome("a", 1, outputs={"a": Artifact("value", str(run))}), f"key-{run}", "static")


def test_the_newest_results_of_a_key_come_first_and_old_ones_go(state: CheckedStore) -> None:
    for number in range(12):
        Shared(state, f"r-{number}")([finished(number)])
    assert [known.run for known in Shared(state).known(["static"])["static"]] == [
        f"r-{n}" for n in range(11, 3, -1)
    ]


def test_what_has_no_static_key_is_not_told(state: CheckedStore) -> None:
    Shared(state, "r-1")([Finished(Outcome("a", 1), "key", "")])
    assert list(state.keys(RESULTS)) == []


def test_all_machines_use_the_salt_of_the_first(state: CheckedStore) -> None:
    assert [shared_salt(state, own) for own in (b"first", b"second")] == [b"first", b"first"]


def test_a_result_that_is_known_here_is_not_taken_twice(state: CheckedStore) -> None:
    Shared(state, "r-1")([finished(1)])
    known = Shared(state).known(["static"])
    assert len(merged(known, known)["static"]) == 1

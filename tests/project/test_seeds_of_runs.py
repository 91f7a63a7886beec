"""One seed of the pipeline: every step draws the same in every run, and the record says which seed it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeproof.project import Project
from pipeproof.project.execute import plan, run

STEPS = """
import random

import numpy

def drawn(context):
    return {"random": random.random(), "numpy": float(numpy.random.rand()), "seed": context.seed}

def drawn_too():
    return {"random": random.random(), "numpy": float(numpy.random.rand())}
"""
PIPELINE = """
workflow:
  name: lots
  {seed}
  steps:
    - {{name: a, type: python, isolation: {isolation}, config: {{function: "steps.py:drawn"}}}}
    - {{name: b, type: python, isolation: {isolation}, depends_on: [a], config: {{function: "steps.py:drawn_too"}}}}
"""


def written(folder: Path, isolation: str = "worker", seed: int | None = 7) -> Path:
    (folder / "steps.py").write_text(STEPS)
    path = folder / "lots.yaml"
    said = "" if seed is None else f"seed: {seed}"
    path.write_text(PIPELINE.format(isolation=isolation, seed=said))
    return path


def drawn(path: Path) -> tuple[dict[str, float], dict[str, float]]:
    done = run(path, reuse=False)
    assert done, done
    return done["a"].outputs["a"].value, done["b"].outputs["b"].value


@pytest.mark.parametrize("isolation", ["worker", "fresh"])
def test_two_runs_draw_the_same(tmp_path: Path, isolation: str) -> None:
    path = written(tmp_path, isolation)
    assert drawn(path) == drawn(path)


def test_where_a_step_runs_makes_no_difference(tmp_path: Path) -> None:
    assert drawn(written(tmp_path, "worker")) == drawn(written(tmp_path, "fresh"))


def test_another_seed_draws_something_else(tmp_path: Path) -> None:
    one, other = drawn(written(tmp_path, seed=7)), drawn(written(tmp_path, seed=8))
    assert not set(one[1].values()) & set(other[1].values())


def test_what_a_step_drew_before_does_not_decide_what_the_next_one_draws(tmp_path: Path) -> None:
    path = written(tmp_path)
    before = drawn(path)[1]
    code = (tmp_path / "steps.py").read_text()
    (tmp_path / "steps.py").write_text(
        code.replace("def drawn(context):", "def drawn(context):\n    random.random()")
    )
    assert drawn(path)[1] == before


def test_another_seed_runs_the_steps_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(written(tmp_path, seed=7))
    assert [task.decision for task in plan("lots.yaml").tasks] == ["reuse", "reuse"]
    written(tmp_path, seed=8)
    assert [task.decision for task in plan("lots.yaml").tasks] == ["run", "run"]


def test_each_step_has_a_seed_of_its_own_made_of_that_of_the_pipeline(tmp_path: Path) -> None:
    one, other = drawn(written(tmp_path)), drawn(written(tmp_path, seed=8))
    assert one[0]["random"] != one[1]["random"]
    assert one[0]["seed"] != other[0]["seed"]


def test_the_seed_is_kept_with_the_run(tmp_path: Path) -> None:
    drawn(written(tmp_path, seed=41))
    assert Project.at(tmp_path).record("last").about["seed"] == 41

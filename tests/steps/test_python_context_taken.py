"""What a context tells of steps whose results were taken from an earlier run: the same as when they ran."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeproof.project.execute import run
from pipeproof.project.results import Run

STEPS = """
import polars as pl

def first(context):
    context.log_metric("rows", 3)
    context.log_param("how", "plain")
    context.store("extra", pl.DataFrame({"a": [1, 2, 3]}))
    context.store("large", list(range(20_000)))
    return {"a": 1}

def second(context):
    result = context.result("first")
    return {
        "metrics": dict(result.metrics),
        "params": dict(result.params),
        "outputs": sorted(result.outputs),
        "first": context.data("first"),
        "extra": context.data("extra")["a"].to_list(),
        "large": sum(context.data("large")),
    }
"""
PIPELINE = """
workflow:
  name: taken
  steps:
    - {{name: first, type: python, isolation: {isolation}, config: {{function: "steps.py:first"}}}}
    - {{name: second, type: python, isolation: {isolation}, depends_on: [first], cache: false,
        config: {{function: "steps.py:second"}}}}
"""
TOLD = {
    "metrics": {"rows": 3.0},
    "params": {"how": "plain"},
    "outputs": ["first", "first.extra", "first.large"],
    "first": {"a": 1},
    "extra": [1, 2, 3],
    "large": sum(range(20_000)),
}


@pytest.fixture(params=["thread", "worker", "fresh"])
def twice(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Run, Run]:
    """Return two runs, the second of which takes what the first step made in the first one."""
    (tmp_path / "steps.py").write_text(STEPS)
    path = tmp_path / "taken.yaml"
    path.write_text(PIPELINE.format(isolation=request.param))
    return run(path), run(path)


def test_results_and_data_of_a_step_that_was_taken_are_those_of_the_run_that_made_it(
    twice: tuple[Run, Run],
) -> None:
    assert [done["first"].status for done in twice] == ["passed", "reused"]
    assert [done["second"].outputs["second"].value for done in twice] == [TOLD, TOLD]

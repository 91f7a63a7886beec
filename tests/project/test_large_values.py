"""Values that are too large for the ledger are objects, and nobody sees the difference."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeproof.digest import digest_value
from pipeproof.model.artifact import LARGEST_VALUE
from pipeproof.project import Project
from pipeproof.project.execute import run

STEPS = """
def make(rows):
    return {"b": list(range(rows)), "a": "ä\\ud800", "nan": 1.5}

def use(made):
    return {"sum": sum(made["b"]), "a": made["a"]}
"""
PIPELINE = """
parameters: {{rows: 700000}}
workflow:
  name: values

  steps:
    - {{name: made, type: python, isolation: {isolation}, config: {{function: "steps.py:make"}}}}
    - {{name: used, type: python, isolation: {isolation}, config: {{function: "steps.py:use", inputs: [made]}}}}
"""


@pytest.fixture(params=["worker", "thread"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    (tmp_path / "steps.py").write_text(STEPS)
    (tmp_path / "values.yaml").write_text(PIPELINE.format(isolation=request.param))
    return Project.at(tmp_path)


def test_a_value_of_five_megabytes_goes_through_two_steps_and_not_through_the_ledger(project):
    done = run(project.root / "values.yaml")
    assert done, done
    made = done["made"].outputs["made"]
    value = {"b": list(range(700_000)), "a": "ä\ud800", "nan": 1.5}
    assert made.value == value
    assert made.artifact.value is None
    assert made.artifact.size > 4 * 2**20
    assert made.artifact.digest == digest_value(value)
    assert done["used"].outputs["used"].value == {"sum": sum(range(700_000)), "a": "ä\ud800"}
    assert sum(path.stat().st_size for path in project.state.glob("ledger.db*")) < 2**20


@pytest.mark.parametrize(("rows", "inline"), [(10, True), (LARGEST_VALUE, False)])
def test_only_large_values_are_objects(project, rows, inline):
    made = run(project.root / "values.yaml", {"rows": rows})["made"].outputs["made"]
    assert made.artifact.is_inline == inline
    assert made.value["b"] == list(range(rows))


def test_a_large_value_is_known_again_by_its_digest(project):
    digests = {
        run(project.root / "values.yaml", {"rows": 70_000})["made"].outputs["made"].artifact.digest
        for _ in range(2)
    }
    assert len(digests) == 1

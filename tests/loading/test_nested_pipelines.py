"""A pipeline file as a part of another one: what it becomes, and problems at their place in either file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from pipeproof.project import examine, run

PREP = """
    workflow:
      name: prep
      steps:
        - name: clean
          type: sql
          config: {query_template: "SELECT * FROM raw WHERE delay >= {least}"}
        - name: counted
          type: transform
          when: rows(clean) > 0
          config: {input_name: clean, transformations: [{type: select, columns: [origin]}]}
    sources: {raw: flights.csv}
    parameters: {least: {type: integer}}
"""
WHOLE = """
    workflow:
      name: whole
      steps:
        - name: first
          type: sql
          config: {query_template: SELECT 1 AS one}
        - name: prep
          type: pipeline
          depends_on: [first]
          config:
            file: prep.yaml
            inputs: {raw: flights}
            outputs: {clean: clean_flights}
            parameters: {least: "{limit}"}
        - name: end
          type: sql
          config: {query_template: SELECT count(*) AS n FROM clean_flights}
    sources: {flights: flights.csv}
    parameters: {limit: 2}
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write pipeline files beside a table and return the first of them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flights.csv").write_text("origin,delay\nEWR,1\nJFK,2\nEWR,3\n")

    def write(**files: str) -> Path:
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(dedent(text))
        return tmp_path / f"{next(iter(files))}.yaml"

    return write


def told(path: Path) -> list[str]:
    return [
        f"{Path(finding.where.file).name}:{finding.where.line} {finding.code} {finding.what}; {finding.fix}"
        for finding in examine(path).findings
        if finding.where is not None and finding.severity == "error"
    ]


def test_its_steps_run_in_the_place_of_the_step_that_names_it(write: Write):
    done = run(write(whole=WHOLE, prep=PREP))
    assert done
    assert {name: step.status for name, step in done.record.steps.items()} == {
        "flights": "passed",
        "first": "passed",
        "prep.clean": "passed",
        "prep.counted": "passed",
        "end": "passed",
    }
    assert done["end"].outputs["end"].table().rows() == [(2,)]
    assert done.record.steps["prep.clean"].needs == ("first", "flights")


def test_a_condition_of_the_part_holds_for_all_of_it(write: Write):
    text = WHOLE.replace("type: pipeline", "type: pipeline\n          when: parameters.limit > 5")
    pipeline = examine(write(whole=text, prep=PREP)).pipeline
    assert [pipeline.by_name[name].when for name in ("prep.clean", "prep.counted")] == [
        "parameters.limit > 5",
        '(parameters.limit > 5) and (rows("clean_flights") > 0)',
    ]


def test_what_is_wrong_within_is_told_in_its_own_file(write: Write):
    broken = PREP.replace("SELECT * FROM raw", "SELECT * FORM raw").replace("input_name", "inputname")
    found = told(write(whole=WHOLE, prep=broken))
    assert [line.split(";")[0].split(" ", 2)[:2] for line in found] == [
        ["prep.yaml:7", "PPF145"],
        ["prep.yaml:11", "PPF103"],
    ]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "file: prep.yaml",
            "file: gone.yaml",
            "whole.yaml:12 PPF571 step 'prep': there is no file gone.yaml",
        ),
        (
            "{raw: flights}",
            "{rwa: flights}",
            "whole.yaml:13 PPF571 prep has no source 'rwa'; did you mean 'raw'?",
        ),
        ("{clean: clean_flights}", "{celan: clean_flights, clean: clean_flights}", "did you mean 'clean'?"),
        ("{least: ", "{lest: ", "whole.yaml:15 PPF571 prep has no parameter 'lest'; did you mean 'least'?"),
        ("{raw: flights}", "{raw: flihgts}", "prep.yaml:7 PPF121 step 'prep.clean' reads 'flihgts'"),
        (
            "depends_on: [first]",
            "retry_count: 2",
            "whole.yaml:10 PPF571 step 'prep' is a pipeline of its own",
        ),
        ("depends_on: [first]", "depends_on: [fist]", "PPF124 step 'prep.clean' depends on 'fist'"),
    ],
)
def test_what_is_wrong_with_the_step_is_told_at_its_place(write: Write, old, new, says):
    found = told(write(whole=WHOLE.replace(old, new), prep=PREP))
    assert any(says in line for line in found), found


def test_files_that_lead_back_to_themselves_are_refused(write: Write):
    again = PREP + "\n"
    again = again.replace(
        "    sources:", "        - {name: more, type: pipeline, config: {file: whole.yaml}}\n    sources:"
    )
    found = told(write(whole=WHOLE, prep=again))
    assert any("prep.yaml:12 PPF571 step 'more' leads back to itself: " in line for line in found), found
    assert any(
        "whole.yaml → prep.yaml → whole.yaml" in line.replace(str(Path.cwd()) + "/", "") for line in found
    )


def test_a_file_that_cannot_be_read_is_told(write: Write):
    found = told(write(whole=WHOLE, prep="workflow: [\n"))
    assert any(line.startswith("prep.yaml:") and "PPF101" in line for line in found), found

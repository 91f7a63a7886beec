"""Data that break one rule: refused as the contract says, refused unclearly, let through, or written on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="trials are sealed by the kernel of Linux")

STEP = """\
    - name: {name}
      type: python
      config: {{function: "ages.py:{name}", inputs: {{people: people}}, output_name: made_by_{name}}}
      contract:
        refuses: [{refuses}]
        inputs: {{people: {{enforce: {enforce}, columns: {{age: {{type: integer, range: [0, 120]}}}}}}}}
        columns: {{age: {{type: integer, nullable: {nullable}{bounds}}}}}
"""
CHECK = """\
import polars as pl

def check(people):
    ages = people.get_column('age', default=pl.Series(['none']))
    if ages.dtype != pl.Int64 or ages.null_count() or not ages.is_between(0, 120).all():
        raise ValueError('age: whole years from 0 to 120')
"""
BOUNDS = ", range: [0, 120]"
# Step → what it refuses, enforce, what its output may be, its code.
CODE = {
    "accepts": (
        "age.nullable",
        "fail",
        "true",
        "",
        "return people.select(pl.col('age').cast(int, strict=False))",
    ),
    "mumbles": (
        "age.minimum",
        "fail",
        "true",
        "",
        "assert people['age'].cast(int).min() is None or people['age'].min() >= 0",
    ),
    "silent": ("", "warn", "false", BOUNDS, ""),
    "guarded": ("", "fail", "false", BOUNDS, ""),
    "clear": (
        "malformed",
        "fail",
        "false",
        BOUNDS,
        "check(people)",
    ),
}


def write_ages(folder: Path) -> None:
    steps = (
        STEP.format(name=name, refuses=refuses, enforce=enforce, nullable=nullable, bounds=bounds)
        for name, (refuses, enforce, nullable, bounds, _) in CODE.items()
    )
    head = "sources: {people: {path: nowhere.csv}}\nworkflow:\n  name: ages\n  steps:\n"
    (folder / "ages.yaml").write_text(head + "".join(steps))
    functions = (
        f"def {name}(people):\n    {body or 'pass'}\n    return people\n" for name, (*_, body) in CODE.items()
    )
    (folder / "ages.py").write_text(CHECK + "".join(functions))


@pytest.fixture
def ages(proved_once):
    return proved_once("ages", write_ages, "ages.yaml")


def test_ordinary_data_and_edges_pass_everywhere(ages):
    edges = {status for name in CODE for kind in ("standard", "edge") for status in ages.statuses(name, kind)}
    assert edges == {"passed"}


def test_what_is_wrong_is_found_with_its_column_and_nothing_else(ages):
    assert [(one["code"], one["step"], one["column"], one["edge"]) for one in ages.findings()] == [
        ("PPF602", "accepts", "age", ["people", "accepts"]),
        ("PPF606", "mumbles", "age", ["people", "mumbles"]),
        ("PPF601", "silent", "age", ["people", "silent"]),
    ]


def test_bad_data_that_a_run_stops_before_the_code_are_a_note(ages):
    (finding,) = [one for one in ages.findings("note") if one["step"] == "guarded"]
    assert finding["code"] == "PPF601"
    assert finding["fix"].startswith("a run stops such rows first (enforce: fail)")


def test_each_breach_is_told_with_what_became_of_it(ages):
    (finding,) = [one for one in ages.findings() if one["step"] == "silent"]
    assert finding["evidence"].splitlines() == [
        "no column age → column 'age' is missing",
        "age: a text, the type is integer → column 'age' is string, the contract says integer",
        "age: a missing value → column 'age' breaks 'has no missing values' in 1 of 200 rows",
        "and 2 more",
        "seen with bad data (5 of 10 scenarios)",
    ]


def test_clear_refusals_are_right(ages):
    assert ages.statuses("clear", "malformed") == ["refused"] * 5


def test_bad_data_that_do_no_harm_are_noted(ages):
    assert ages.statuses("guarded", "malformed") == ["noted"] * 5


def test_the_refusal_that_does_not_say_why_is_quoted(ages):
    (finding,) = [one for one in ages.findings() if one["step"] == "mumbles"]
    assert finding["what"].startswith(
        "mumbles refuses age: -1, the least is 0, but does not say why: AssertionError"
    )

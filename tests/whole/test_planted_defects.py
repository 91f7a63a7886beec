"""Defects that really happen, one a step, and what `pipeproof test` says of each."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="trials are sealed by the kernel of Linux")

HEAD = """\
sources:
  people:
    path: nowhere.csv
    contract:
      columns:
        id: {type: integer, unique: true}
        age: {type: integer, nullable: true, range: [0, 120]}
        kind: {type: string, categories: [a, b, c]}
  visits:
    path: nowhere.csv
    contract:
      columns:
        who: {type: integer, range: [0, 1000000000]}
        paid: {type: number, range: [0, 1000000]}
workflow:
  name: zoo
  steps:
"""
STEP = """\
    - name: {name}
      type: python
      {more}
      config: {{function: "zoo.py:{name}", inputs: {{{reads}: {reads}}}, output_name: made_by_{name}}}
      contract: {contract}
"""
JOIN = """\
    - name: joins
      type: sql
      config: {query_template: "SELECT p.id FROM people p JOIN people q ON p.id = q.age", output_name: joined}
      contract: {rows: {of: people, share: 1.0}, columns: {id: integer}}
"""
UNWRITTEN = """\
    - name: forgets
      type: script
      config: {script: forgets.py, inputs: {people: people}, outputs: {never: never}}
      contract: {inputs: {people: {format: csv}}, outputs: {never: {format: csv}}}
"""
NONE = "{}"
AGES = "{columns: {age: {type: integer, nullable: true, range: [0, 120]}}}"
# Step → its contract, what else stands in the step, its code.
CODE = {
    "renames": (AGES, "", "return people.rename({'age': 'years'})"),
    "retypes": (AGES, "", "return people.with_columns(pl.col('age').cast(pl.String))"),
    "rescales": (AGES, "", "return people.with_columns(pl.col('age') * 12)"),
    "asks": (NONE, "", "os.environ['REGION']\n    return people"),
    "asks_mildly": (NONE, "", "os.environ.get('REGION', 'north')\n    return people"),
    "adds_nulls": (NONE, "", "[age + 1 for age in people['age']]\n    return people"),
    "knows_two": (NONE, "", "[{'a': 0, 'b': 1}[kind] for kind in people['kind']]\n    return people"),
    "divides": (NONE, "", "people.height / people.height\n    return people"),
    "takes_second": (NONE, "", "if people.height:\n        people['id'][1]\n    return people"),
    "waits": (NONE, "timeout: 1s", "while not people.height:\n        pass\n    return people"),
    "chatters": (
        NONE,
        "timeout: 1s",
        "while people.height == 1:\n        print('x' * 1000)\n    return people",
    ),
    "exits": (NONE, "", "sys.exit(3)"),
    "exits_hard": (NONE, "", "os._exit(3)"),
    "crashes": (NONE, "", "os.kill(os.getpid(), signal.SIGSEGV)"),
    "hogs": (NONE, "resources: {memory: 200MB}", "return b'x' * 2**30"),
    "counts_all": ("{columns: {who: {type: integer, unique: true}}}", "", "return visits"),
    "inverts": (NONE, "", "[1 / paid for paid in visits['paid']]\n    return visits"),
}
# Code, step, column, some words of what is to be done.
ERRORS = {
    ("PPF301", "renames", "age", "the table has: "),
    ("PPF302", "retypes", "age", "cast it where it is made"),
    ("PPF303", "rescales", "age", "has a unit changed?"),
    ("PPF603", "asks", "", "declare it: contract: environment: required: [REGION]"),
    ("PPF201", "adds_nulls", "age", "allows missing values in age: fill or drop them"),
    ("PPF201", "knows_two", "kind", "allows 'c' for kind: handle it"),
    ("PPF201", "divides", "", "return early when there are no rows"),
    ("PPF201", "takes_second", "id", "handle a single row"),
    ("PPF303", "counts_all", "who", "keep one row of each"),
    ("PPF201", "inverts", "paid", "handle the ends of the range"),
    ("PPF202", "waits", "", "look for a loop without an end"),
    ("PPF202", "chatters", "", "look for a loop without an end"),
    ("PPF204", "exits", "", "raise an error that says what is wrong"),
    ("PPF204", "exits_hard", "", "raise an error that says what is wrong"),
    ("PPF203", "crashes", "", "look at the end of the step's log"),
    ("PPF205", "hogs", "", "read less at once"),
    ("PPF207", "forgets", "", "write to output_paths['never']"),
    ("PPF308", "joins", "", "look for an inner join"),
}


def write_zoo(folder: Path) -> None:
    steps, code = [], ["import os, signal, sys\nimport polars as pl\n"]
    for name, (contract, more, body) in CODE.items():
        reads = "visits" if "visits" in body else "people"
        steps.append(STEP.format(name=name, contract=contract, more=more, reads=reads))
        code.append(f"def {name}({reads}):\n    {body}\n")
    (folder / "zoo.yaml").write_text(HEAD + "".join(steps) + JOIN + UNWRITTEN)
    (folder / "zoo.py").write_text("".join(code))
    (folder / "forgets.py").write_text("def main(inputs, outputs, environ, args):\n    pass\n")


@pytest.fixture
def zoo(proved_once):
    return proved_once("zoo", write_zoo, "zoo.yaml")


def told(zoo, step):
    """Return the only finding on a step."""
    (finding,) = [one for one in zoo.document["findings"] if one["step"] == step]
    return finding


def test_each_defect_is_found_once_and_nothing_else(zoo):
    found = sorted((one["code"], one["step"], one["column"]) for one in zoo.findings())
    assert found == sorted((code, step, column) for code, step, column, _ in ERRORS)


@pytest.mark.parametrize(("step", "advice"), sorted((step, advice) for _, step, _, advice in ERRORS))
def test_each_defect_comes_with_what_to_do(zoo, step, advice):
    assert advice in told(zoo, step)["fix"]


@pytest.mark.parametrize(
    ("step", "line"),
    [
        ("divides", "people.height / people.height"),
        ("inverts", "[1 / paid for paid in visits['paid']]"),
        ("waits", "while not people.height:"),
        ("exits", "sys.exit(3)"),
    ],
)
def test_a_failure_of_the_code_shows_the_users_line(zoo, step, line):
    assert told(zoo, step)["evidence"].splitlines()[0] == line


@pytest.mark.parametrize(
    ("step", "case"),
    [
        ("divides", "a table without rows"),
        ("takes_second", "a table of one row"),
        ("inverts", "extreme values in every column that allows them"),
    ],
)
def test_an_edge_is_named_with_how_many_scenarios_show_it(zoo, step, case):
    assert told(zoo, step)["evidence"].splitlines()[-1].startswith(f"seen with {case} (1 of ")


def test_a_variable_with_a_default_in_the_code_is_a_warning(zoo):
    (finding,) = zoo.findings("warning")
    assert (finding["code"], finding["step"]) == ("PPF603", "asks_mildly")
    assert finding["fix"].endswith("optional: {REGION: DEFAULT}")


def test_endless_output_is_cut(zoo):
    (failure,) = [one for one in zoo.document["failures"] if one["step"] == "chatters"]
    assert len(failure["log"]) < 21_000


def test_a_failed_test_exits_with_1_and_says_how_much_was_found(zoo):
    assert zoo.code == 1
    assert zoo.out.splitlines()[-2].startswith(
        f"failed: {len(ERRORS)} findings in {len(ERRORS)} steps · 1 warning · "
    )

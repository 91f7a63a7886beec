"""`rows: {of: raw, share: ...}` in a run: rows that a step lost, or that came from nowhere."""

from __future__ import annotations

import pytest

import pipeproof as pp

FLOW = """
sources: {{numbers: numbers.csv}}
workflow:
  name: flow
  steps:
    - name: clean
      type: sql
      config: {{query_template: "{query}", output_name: out}}
      contract: {{enforce: {enforce}, rows: {rows}}}
"""


def run(folder, rows, query="SELECT x FROM numbers WHERE x < 63", enforce="fail", most=100):
    (folder / "numbers.csv").write_text("x\n" + "".join(f"{number}\n" for number in range(most)))
    (folder / "flow.yaml").write_text(FLOW.format(rows=rows, query=query, enforce=enforce))
    return pp.run(folder / "flow.yaml").record.steps["clean"]


def found(step):
    return [finding for finding in step.findings if finding.code == "PPF308"]


def test_rows_that_were_lost_are_said_with_the_usual_cause(tmp_path):
    step = run(tmp_path, "{of: numbers, share: 0.95}")
    finding = found(step)[0]
    assert (
        finding.what == "clean wrote 63 of the 100 rows of numbers: 37 % were lost, the contract allows 5 %"
    )
    assert finding.fix == "look for an inner join or a filter that drops rows without a match"
    assert (finding.column, finding.edge, finding.step) == ("", ("clean", "out"), "clean")
    assert step.failure.code == "PPF308"


def test_rows_that_came_from_nowhere_are_said(tmp_path):
    step = run(
        tmp_path, "{of: numbers, share: {max: 1}}", "SELECT a.x FROM numbers AS a, (VALUES (1), (2)) AS b(y)"
    )
    assert (
        found(step)[0].what == "clean wrote 200 rows for the 100 of numbers: 200 %, the contract allows 100 %"
    )


@pytest.mark.parametrize(
    ("rows", "query"),
    [
        ("{of: numbers, share: 0.63}", "SELECT x FROM numbers WHERE x < 63"),
        ("{of: numbers}", "SELECT x FROM numbers"),
        ("{of: numbers, share: {max: 2}}", "SELECT a.x FROM numbers AS a, (VALUES (1), (2)) AS b(y)"),
        ("{of: numbers, share: {min: 0, max: 1}}", "SELECT x FROM numbers WHERE x < 0"),
    ],
)
def test_a_share_within_its_bounds_is_no_finding(rows, query, tmp_path):
    step = run(tmp_path, rows, query)
    assert step.failure is None
    assert found(step) == []


def test_of_no_rows_none_can_be_lost_but_some_may_come(tmp_path):
    assert found(run(tmp_path, "{of: numbers}", most=0)) == []
    query = "SELECT COUNT(*) AS x FROM numbers"
    step = run(tmp_path, "{of: numbers, share: {min: 0, max: 1}}", query, most=0)
    assert "more than 100 %" in found(step)[0].what


def test_it_counts_as_a_rule(tmp_path):
    with_share = run(tmp_path, "{min: 1, of: numbers, share: 0.5}")
    without = run(tmp_path, "{min: 1}")
    assert with_share.checked[0].rules == without.checked[0].rules + 1


def test_who_only_warns_goes_on(tmp_path):
    step = run(tmp_path, "{of: numbers}", enforce="warn")
    assert step.failure is None
    assert [finding.severity for finding in found(step)] == ["warning"]


def test_what_is_not_enforced_is_not_asked(tmp_path):
    assert found(run(tmp_path, "{of: numbers}", enforce="off")) == []


def test_small_differences_are_told_apart(tmp_path):
    step = run(tmp_path, "{of: numbers, share: 0.95}", "SELECT x FROM numbers WHERE x < 1899", most=2000)
    assert "5.05 % were lost, the contract allows 5 %" in found(step)[0].what


def test_where_some_may_be_lost_the_only_row_may(tmp_path):
    step = run(tmp_path, "{of: numbers, share: 0.9}", "SELECT x FROM numbers WHERE x < 0", most=1)
    assert found(step) == []

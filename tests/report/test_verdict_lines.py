"""A test as lines of text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeproof.errors import Finding, Location
from pipeproof.model.trial import Case, Edge, Trial, TrialResult, Verdict
from pipeproof.report.style import Style
from pipeproof.report.verdict_text import (
    edges_line,
    finding_lines,
    layout_of,
    step_line,
    verdict_line,
    verdict_lines,
    whole_lines,
)


def result(status="passed", scenario="standard", name="", step="clean", checks=1, why=""):
    case = Case(scenario, name or scenario)
    mode = "isolation" if step else "pipeline"
    return TrialResult(Trial(f"{step}.{scenario}", mode, step, case), status, why, 0.5, checks)


def line(*results, first=False):
    return " ".join(step_line("clean", results, layout_of(["clean"]), first=first).split())


def edges(**kinds):
    return Verdict("t-1", "p", edges=tuple(Edge("a", "b", "c", **kinds) for _ in range(2)))


# Contracts


@pytest.mark.parametrize(
    ("fit", "said"),
    [
        ("fits", "contracts  2 edges: 2 fit ✓"),
        ("differs", "contracts  2 edges: 2 do not fit ✗"),
        ("unknown", "contracts  2 edges: 2 without a contract on both sides"),
    ],
)
def test_edges_are_counted_by_what_contracts_say_of_them(fit, said):
    assert edges_line(edges(fit=fit)) == said


def test_a_pipeline_without_edges_says_so():
    assert edges_line(Verdict("t-1", "p")) == "contracts  0 edges: none"


# Steps


def test_each_scenario_has_its_marks():
    edge = [result(status, "edge", "empty") for status in ("passed", "skipped")]
    said = line(result(), *edge, result("refused", "malformed"), first=True)
    assert said == "isolation clean standard ✓ edge ✓- malformed ✓ 1 refused"


def test_the_edges_that_failed_are_named():
    failed = [result("failed", "edge", name) for name in ("empty", "nulls")]
    assert line(result(), result("passed", "edge", "x"), *failed) == (
        "clean standard ✓ edge ✓✗✗ (empty, nulls)"
    )


def test_many_edges_that_failed_are_counted():
    failed = [result("failed", "edge", name) for name in "abcde"]
    assert line(result("passed", "edge", "x"), *failed).endswith("(a, b, c and 2 more)")


def test_where_every_edge_failed_the_marks_say_enough():
    assert line(result("failed"), result("failed", "edge", "empty")) == "clean standard ✗ edge ✗"


def test_bad_data_are_counted_by_what_became_of_them():
    statuses = ["refused", "refused", "noted", "failed", "skipped"]
    said = line(*(result(status, "malformed") for status in statuses))
    assert said == "clean malformed ✗ 2 refused, 1 let through, 1 not as it should, 1 skipped"


def test_bad_data_that_say_nothing_are_not_praised():
    assert line(result("unsaid", "malformed", checks=0)) == "clean malformed · says nothing"


def test_names_are_cleaned_of_what_would_move_the_cursor():
    assert "\x1b" not in step_line("a\x1b[2Jb", [result()], layout_of(["a\x1b[2Jb"]))


# The whole


def whole_line(verdict):
    (said,) = whole_lines(verdict)
    return " ".join(said.split())


def test_the_whole_says_what_was_seen_on_its_edges_and_how_good_the_data_were():
    seen = (
        Edge("a", "b", "c", seen="holds", quality=0.5),
        Edge("b", "c", "d", seen="broken"),
        Edge("b", "c", "e", seen="unseen"),
        Edge("c", "d", "f", seen="holds", quality=1.0),
    )
    verdict = Verdict("t-1", "p", (result("failed", step=""),), seen)
    assert whole_line(verdict) == ("pipeline standard ✗ 2 edges hold 1 broken 1 unseen quality 0.50 → 1.00")


def test_one_edge_holds():
    verdict = Verdict("t-1", "p", (result(step=""),), (Edge("a", "b", "c", seen="holds"),))
    assert whole_line(verdict) == "pipeline standard ✓ 1 edge holds"


def test_a_whole_that_was_skipped_says_nothing_of_edges():
    verdict = replace(edges(seen="unseen"), results=(result("skipped", step=""),))
    assert whole_line(verdict) == "pipeline standard -"


# Findings

FINDING = Finding(
    "PPF201",
    "clean fails",
    Location("code.py", 3),
    evidence="x = 1\ncause: wind was dropped\nseen with ordinary data",
    fix="keep it",
)


def test_a_finding_says_what_where_why_and_what_to_do():
    assert list(finding_lines(FINDING)) == [
        "✗ PPF201  clean fails",
        "    at     code.py:3",
        "           x = 1",
        "    cause  wind was dropped",
        "    seen   with ordinary data",
        "    fix    keep it",
    ]


@pytest.mark.parametrize(
    ("severity", "begins"), [("warning", "! PPF201  warning: "), ("note", "· PPF201  note: ")]
)
def test_what_is_no_error_says_what_it_is(severity, begins):
    assert next(finding_lines(replace(FINDING, severity=severity))).startswith(begins)


def test_colours_come_from_the_style():
    assert next(finding_lines(FINDING, Style(colour=True))) != next(finding_lines(FINDING))


def test_evidence_cannot_move_the_cursor():
    assert "\x1b" not in "".join(finding_lines(replace(FINDING, evidence="a\x1b[2J", fix="b\x1b[1A")))


# The verdict


def test_a_passed_test_is_counted():
    verdict = Verdict("t-1", "p", (result(checks=1000), result("skipped", checks=0)), seconds=2.0)
    assert verdict_line(verdict) == "passed · 1 scenario, 1,000 checks, 1 skipped · 2.0 s"


def test_a_failed_test_counts_errors_steps_and_warnings_and_names_the_next_command():
    errors = tuple(replace(FINDING, step=name) for name in ("a", "a", "b"))
    verdict = Verdict("t-1", "p", (result(),), (), (*errors, replace(FINDING, severity="warning")), 2.0)
    assert verdict_line(verdict) == (
        "failed: 3 findings in 2 steps · 1 warning · 1 scenario, 1 check, 0 skipped · 2.0 s"
        " · pipeproof report t-1 --html report.html"
    )


def test_a_finding_that_is_about_no_step_counts_no_steps():
    assert verdict_line(Verdict("t-1", "p", findings=(FINDING,))).startswith("failed: 1 finding · ")


def test_all_of_a_test_in_order_with_what_was_skipped_and_why():
    results = (
        result("skipped", step="", checks=0, why="b: unknown"),
        result(),
        result("skipped", step="other", checks=0, why="no contract"),
        result("skipped", "edge", "empty", step="other", checks=0, why="no contract"),
    )
    verdict = Verdict("t-1", "p", results, notes=("it is late",), seconds=1.0)
    assert [" ".join(said.split()) for said in verdict_lines(verdict)] == [
        "contracts 0 edges: none",
        "isolation clean standard ✓",
        "other standard - edge -",
        "pipeline standard -",
        "skipped: the whole pipeline: b: unknown",
        "skipped: other: no contract",
        "note: it is late",
        "passed · 1 scenario, 1 check, 3 skipped · 1.0 s",
    ]

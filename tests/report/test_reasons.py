"""Why steps were run although something was kept, in few lines."""

from __future__ import annotations

from pipeproof.report.reasons import reason_lines
from pipeproof.running.summary import StepSummary, Summary


def said(*steps: StepSummary) -> list[str]:
    return list(reason_lines(Summary("r-1", "p", "passed", 1.0, 0.0, steps)))


def ran(name: str, why: str, *reads: str, kind: str = "python") -> StepSummary:
    return StepSummary(name, kind, "passed", why=why, reads=reads)


KEPT = StepSummary("kept", "python", "reused", why="unchanged since r-0")


def test_nothing_is_said_where_nothing_was_kept() -> None:
    assert said(ran("a", "it has not passed yet")) == []


def test_steps_with_one_reason_share_a_line_and_those_that_follow_another() -> None:
    lines = said(
        KEPT,
        ran("orders", "file orders.csv changed", kind="source"),
        ran("a", "code f changed"),
        ran("b", "code f changed"),
        ran("c", "a changed", "a"),
        ran("d", "a, b changed", "a", "b"),
    )
    assert lines == ["run again: a, b (code f changed)", "run again: c, d (what they read changed)"]


def test_a_change_of_something_else_is_no_change_of_an_input() -> None:
    assert said(KEPT, ran("c", "file a.csv changed", "a")) == ["run again: c (file a.csv changed)"]


def test_many_names_and_many_reasons_are_counted() -> None:
    many = [ran(f"s{number}", f"reason {number // 5}") for number in range(26)]
    lines = said(KEPT, *many)
    assert lines[0] == "run again: s0, s1, s2, s3 and 1 more (reason 0)"
    assert lines[4:] == ["run again: for 2 more reasons"]


def test_what_a_run_had_done_before_it_went_on_was_not_run_again() -> None:
    assert said(KEPT, ran("a", "done before the run was interrupted")) == []


def test_hooks_and_what_the_plan_puts_around_items_have_no_reason_of_their_own() -> None:
    around = [ran(f"a@{kind}", "after a", kind=kind) for kind in ("hook", "gather", "split")]
    assert said(KEPT, *around) == []

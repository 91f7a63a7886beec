"""A run as lines: aligned, short, and safe to print."""

from dataclasses import replace

import pytest

from pipeproof.errors import Finding
from pipeproof.model.outcome import Failure, Frame
from pipeproof.report.cells import width
from pipeproof.report.style import Style
from pipeproof.report.text import Widths, failure_lines, retry_line, run_lines, step_line, verdict
from pipeproof.running.summary import StepSummary, Summary

COLUMNS = Widths(8, 6, 9)


def summary(*steps, status="passed"):
    return Summary("r-1", "flights", status, 9.4, 0.0, steps)


def failed(**changes):
    failure = Failure(
        "exception",
        "PPF201",
        "KeyError",
        "'wind_speed'",
        (Frame("scripts/train.py", 41, "main", "X = table[FEATURES]"),),
        permanent=True,
    )
    given = {"seconds": 0.7, "attempts": 1, "failure": failure, "logs": ("train.1.log",)}
    return StepSummary("train", "script", "failed", **(given | changes))


def test_a_passed_run_reads_as_a_table():
    lines = list(
        run_lines(
            summary(
                StepSummary("raw", "source", "passed", 0.01, rows_out=27_004, columns_out=3),
                StepSummary(
                    "clean", "script", "passed", 1.9, memory=212_000_000, rows_in=27_004, rows_out=26_398
                ),
                StepSummary("train", "script", "passed", 6.3, memory=402_000_000, metrics={"auc": 0.7412}),
            )
        )
    )
    assert lines == [
        "flights · 2 steps · run r-1",
        "  ✓ raw    source    0.0 s        —           27,004 rows",
        "  ✓ clean  script    1.9 s   212 MB  27,004 → 26,398 rows",
        "  ✓ train  script    6.3 s   402 MB  auc 0.741",
        "passed in 9.4 s · pipeproof show r-1",
    ]


def test_a_failure_begins_with_the_users_line_and_ends_with_the_next_command():
    cause = Finding("PPF312", "clean dropped the column wind_speed: it wrote wind_spd", fix="rename it")
    lines = list(failure_lines(failed(cause=cause), "r-1"))
    assert lines[:3] == [
        "✗ train failed after 0.7 s (1 try; such errors are not retried)",
        "  scripts/train.py:41  X = table[FEATURES]",
        "  KeyError: 'wind_speed'",
    ]
    assert lines[3].split() == ["cause", *cause.what.split(), "PPF312"]
    assert lines[4:] == ["  fix    rename it", "  next   pipeproof logs r-1 train · pipeproof help PPF312"]


def test_a_failure_without_a_cause_points_to_its_own_code():
    assert (
        list(failure_lines(failed(), "r-1"))[-1]
        == "  next   pipeproof logs r-1 train · pipeproof help PPF201"
    )


def test_code_that_failed_can_be_looked_at_in_the_debugger():
    commands = "pipeproof replay r-1 train --debug · pipeproof logs r-1 train · pipeproof help PPF201"
    assert list(failure_lines(failed(key="k"), "r-1"))[-1] == f"  next   {commands}"


def test_an_item_is_named_so_that_a_shell_takes_it():
    item = replace(failed(key="k", logs=()), name="score[EWR]")
    assert "pipeproof replay r-1 'score[EWR]' --debug" in list(failure_lines(item, "r-1"))[-1]


@pytest.mark.parametrize(
    ("run", "step"),
    [
        ("t-1", failed(key="k")),
        ("r-1", failed()),
        ("r-1", replace(failed(key="k"), kind="sql")),
        ("r-1", failed(key="k", failure=Failure("memory", "PPF221", "", "killed"))),
    ],
    ids=["a test", "without a key", "no Python", "no line of code"],
)
def test_no_debugger_is_offered_where_there_is_nothing_to_look_at(run, step):
    assert "replay" not in list(failure_lines(step, run))[-1]


@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_a_run_that_has_come_some_way_can_go_on(status):
    said = verdict(summary(StepSummary("one", "sql", "passed"), status=status))
    assert said.endswith(" · pipeproof show r-1 · go on: pipeproof resume r-1")


def test_no_log_is_offered_where_nothing_was_printed():
    assert list(failure_lines(failed(logs=()), "r-1"))[-1] == "  next   pipeproof help PPF201"


def test_tries_are_counted():
    passing = Failure("exception", "PPF201", "OSError", "busy")
    first = next(iter(failure_lines(failed(failure=passing, attempts=4), "r-1")))
    assert first == "✗ train failed after 0.7 s (4 tries)"


def test_a_long_message_is_cut_after_a_few_lines():
    failure = Failure("exception", "PPF201", "ValueError", "\n".join(f"line {n}" for n in range(100)))
    assert len(list(failure_lines(failed(failure=failure), "r-1"))) == 8


def test_the_evidence_of_a_broken_contract_is_shown():
    finding = Finding("PPF303", "column 'x' breaks 'min 0'", evidence="row 2: -5")
    failure = Failure("contract", "PPF303", "ContractError", finding.what)
    lines = list(failure_lines(failed(failure=failure, findings=(finding,)), "r-1"))
    assert "  column 'x' breaks 'min 0'" in lines
    assert "  shows  row 2: -5" in lines


def test_several_broken_rules_stand_on_lines_of_their_own_with_their_rows():
    findings = tuple(
        Finding(
            "PPF303", f"clean, written by train: column {name!r} breaks 'min 0'", evidence=f"row {row}: -5"
        )
        for name, row in (("x", 2), ("y", 7))
    )
    failure = Failure("contract", "PPF303", "ContractError", "; ".join(finding.what for finding in findings))
    lines = list(failure_lines(failed(failure=failure, findings=findings), "r-1"))
    assert lines[1:6] == [
        "  clean, written by train:",
        "    column 'x' breaks 'min 0'",
        "      row 2: -5",
        "    column 'y' breaks 'min 0'",
        "      row 7: -5",
    ]


def test_the_lines_that_called_the_failing_one_are_named_below_it():
    frames = (
        Frame("clean.py", 9, "main", "rates = ratio(t)"),
        Frame("helper.py", 2, "ratio", "return a / b"),
    )
    failure = Failure("exception", "PPF201", "ZeroDivisionError", "division by zero", frames)
    lines = list(failure_lines(failed(failure=failure), "r-1"))
    assert lines[1:3] == ["  helper.py:2  return a / b", "    called at clean.py:9  rates = ratio(t)"]


def test_what_a_failure_blocked_is_named_before_the_verdict():
    lines = list(run_lines(summary(failed(), StepSummary("score", "model", "blocked"), status="failed")))
    assert lines[-2:] == ["blocked: score", "failed in 9.4 s · pipeproof show r-1"]


def test_what_was_not_begun_after_a_failure_is_not_said_to_wait_for_it():
    score = StepSummary("score", "model", "blocked", why="waits for train, which failed")
    other, more = (StepSummary(name, "sql", "blocked", why="train failed") for name in ("other", "more"))
    lines = list(run_lines(summary(failed(), score, other, more, status="failed")))
    assert lines[-3:-1] == [
        "blocked: score",
        "not started: other, more (train failed; --keep-going runs what does not wait for it)",
    ]


def test_escape_sequences_in_messages_do_not_reach_the_terminal():
    failure = Failure("exception", "PPF201", "ValueError", "\x1b[2Jgone\u202e")
    assert not any(
        "\x1b" in line or "\u202e" in line for line in failure_lines(failed(failure=failure), "r-1")
    )


def test_wide_names_keep_the_columns_aligned():
    first = step_line(StepSummary("数据清洗", "script", "passed", 1.0), COLUMNS)
    second = step_line(StepSummary("clean", "script", "passed", 1.0), COLUMNS)
    assert width(first[: first.index("script")]) == width(second[: second.index("script")])


def test_a_very_long_name_is_cut():
    line = step_line(StepSummary("n" * 300, "script", "passed", 1.0), Widths(32, 6))
    assert width(line) < 80
    assert "…" in line


def test_more_metrics_than_fit_are_counted():
    metrics = {f"m{n}": float(n) for n in range(9)}
    assert step_line(StepSummary("s", "k", "passed", 1.0, metrics=metrics), COLUMNS).endswith(
        "m0 0  m1 1  m2 2  +6"
    )


def test_columns_are_said_when_the_rows_stay_the_same():
    step = StepSummary("s", "k", "passed", 1.0, rows_in=5, rows_out=5, columns_out=14)
    assert step_line(step, COLUMNS).endswith("5 rows, 14 columns")


def test_files_are_named_with_their_size():
    step = StepSummary("s", "files", "passed", 0.0, files=("a.parquet", "b", "c"), size=61_000)
    assert step_line(step, COLUMNS).endswith("a.parquet, b +1 61 kB")


@pytest.mark.parametrize("status", ["waiting", "running", "blocked", "skipped", "interrupted", "reused"])
def test_every_way_a_step_can_stand_has_a_line(status):
    assert f" {status}" in step_line(StepSummary("s", "k", status), COLUMNS)


def test_an_interrupted_run_says_so():
    assert verdict(summary(status="interrupted")) == "interrupted in 9.4 s · pipeproof show r-1"


def test_a_retry_is_announced_with_its_reason_and_pause():
    line = retry_line("load", Failure("exception", "PPF201", "OSError", "busy\nmore"), 2, 1.25)
    assert line == "  ! load  try 2 failed, again in 1.2 s  OSError: busy"


def test_colour_changes_nothing_but_colour():
    import re

    run = summary(failed(), status="failed")
    painted = "\n".join(run_lines(run, Style(colour=True)))
    assert "\x1b[31m" in painted
    assert re.sub(r"\x1b\[\d+m", "", painted) == "\n".join(run_lines(run))


def test_hooks_without_news_share_a_line():
    hooks = [StepSummary(f"a@{n}", "hook", "passed", 0.1) for n in range(3)]
    needless = StepSummary("b@after", "hook", "skipped", why="b did not run")
    failed_ = StepSummary("c@after", "hook", "failed", 0.2, failure=failed().failure, attempts=1)
    lines = list(run_lines(summary(StepSummary("a", "sql", "passed", 0.1), *hooks, needless, failed_)))
    assert lines[0] == "flights · 1 step · run r-1"
    assert [line.split()[1] for line in lines[1:3]] == ["a", "c@after"]
    assert lines[3] == "3 hooks called, 0.3 s"


def test_the_verdict_says_how_many_of_the_steps_were_reused():
    reused = StepSummary("a", "sql", "reused", key="k")
    left_out = StepSummary("b", "sql", "reused")
    said = verdict(summary(reused, left_out, StepSummary("c", "sql", "passed", 0.1)))
    assert said == "passed in 9.4 s · 1 of 2 reused · pipeproof show r-1"


def test_rows_of_several_tables_are_not_held_against_what_was_made():
    step = StepSummary("s", "k", "passed", 1.0, rows_in=9, rows_out=5, tables_in=2)
    assert "→" not in step_line(step, COLUMNS)
    assert "9 → 5 rows" in step_line(replace(step, tables_in=1), COLUMNS)

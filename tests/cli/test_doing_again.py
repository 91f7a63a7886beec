"""`replay` and `verify` as a person calls them: what they print, and how they end."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeproof.project import Project

Say = Callable[..., Any]
MENDED = 'pl.col("amount")'


@pytest.fixture
def done(ran: tuple[Path, Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the project in which one run passed and the next one failed, as the current folder."""
    folder = tmp_path / "shop"
    shutil.copytree(ran[0], folder)
    monkeypatch.chdir(folder)
    return folder


def runs(folder: Path) -> tuple[str, str]:
    """Return the names of the run that passed and of the one that failed."""
    failed, passed = (run for run in Project.at(folder).ledger.runs() if run.startswith("r-"))
    return passed, failed


def edit(shop: Path, old: str, new: str) -> None:
    script = shop / "scripts" / "clean.py"
    text = script.read_text()
    assert old in text
    script.write_text(text.replace(old, new))


def test_a_step_that_comes_out_as_it_was_ends_with_zero(done: Path, pipeproof: Say) -> None:
    run, _ = runs(done)
    said = pipeproof("replay", run, "clean")
    assert said.code == 0
    assert said.out.startswith(f"clean of {run}, again as p-")
    assert said.out.splitlines()[-1] == "every output came out as it was"


def test_what_differs_is_said_with_what_changed_and_ends_with_one(done: Path, pipeproof: Say) -> None:
    run, _ = runs(done)
    edit(done, "orders.drop_nulls()", "orders.drop_nulls().with_columns(pl.col('amount') + 1)")
    said = pipeproof("replay", run, "clean")
    assert said.code == 1
    assert said.out.splitlines()[-2:] == [
        "  since then  code scripts/clean.py:main changed",
        "differs  clean_orders  column amount: 7 of 7 rows",
    ]


def test_a_replay_as_json_has_what_differs_and_what_changed(done: Path, pipeproof: Say) -> None:
    run, _ = runs(done)
    edit(done, "orders.drop_nulls()", "orders.drop_nulls().with_columns(pl.col('amount') + 1)")
    told = pipeproof("replay", run, "clean", "--format", "json").json
    assert told.pop("replay").startswith("p-")
    assert told == {
        "schema": "pipeproof.replay/1",
        "run": run,
        "step": "clean",
        "status": "passed",
        "failure": None,
        "differences": [{"dataset": "clean_orders", "says": ["column amount: 7 of 7 rows"]}],
        "changed_since": ["code scripts/clean.py:main changed"],
        "notes": [],
    }


def test_a_failure_leads_to_the_debugger_of_the_past_run(done: Path, pipeproof: Say) -> None:
    _, run = runs(done)
    edit(done, MENDED, 'pl.col("amonut")')
    said = pipeproof("replay", run, "clean")
    assert said.code == 1
    assert f"  next   pipeproof replay {run} clean --debug" in said.out


def test_a_step_that_is_mended_passes_and_that_is_said(done: Path, pipeproof: Say) -> None:
    _, run = runs(done)
    said = pipeproof("replay", run, "clean")
    assert (said.code, said.out.splitlines()[-1]) == (0, f"it passes now; it failed in {run}")


def test_a_pipeline_that_is_broken_today_is_a_note(done: Path, pipeproof: Say) -> None:
    run, _ = runs(done)
    (done / "configs" / "workflows" / "shop.yaml").write_text("workflow: {}\n")
    said = pipeproof("replay", run, "clean")
    assert said.code == 0
    assert "the pipeline cannot be planned as it is now" in said.out


def test_a_failed_run_that_has_come_some_way_says_how_it_goes_on(done: Path, pipeproof: Say) -> None:
    query = done / "configs" / "workflows" / "shop.yaml"
    query.write_text(query.read_text().replace("sum(amount)", "sum(amount) / CAST('x' AS INTEGER)"))
    said = pipeproof("run", "shop")
    run = said.out.splitlines()[-1].partition("pipeproof show ")[2].partition(" ")[0]
    assert said.out.splitlines()[-1].endswith(f" · pipeproof show {run} · go on: pipeproof resume {run}")


def test_a_run_that_is_verified_ends_with_zero(done: Path, pipeproof: Say) -> None:
    run, _ = runs(done)
    said = pipeproof("verify", run)
    assert (said.code, said.out.splitlines()) == (
        0,
        ["  ✓ clean  same", "  ✓ daily  same", f"verified: {run} · 2 same"],
    )


def test_a_run_that_is_not_verified_ends_with_one_and_says_what_differs(done: Path, pipeproof: Say) -> None:
    run, _ = runs(done)
    edit(done, "orders.drop_nulls()", "orders.drop_nulls().with_columns(pl.col('amount') + 1)")
    said = pipeproof("verify", run, "--format", "json")
    assert said.code == 1
    assert said.json == {
        "schema": "pipeproof.verification/1",
        "run": run,
        "verified": False,
        "steps": [
            {
                "step": "clean",
                "answer": "differs",
                "why": None,
                "deterministic": True,
                "differences": [{"dataset": "clean_orders", "says": ["column amount: 7 of 7 rows"]}],
                "changed_since": ["code scripts/clean.py:main changed"],
            },
            {
                "step": "daily",
                "answer": "same",
                "why": None,
                "deterministic": None,
                "differences": [],
                "changed_since": [],
            },
        ],
        "notes": [],
    }


def test_a_run_with_nothing_to_verify_is_an_error(done: Path, pipeproof: Say) -> None:
    said = pipeproof("verify", runs(done)[1])
    assert said.code == 2
    assert "PPF587" in said.err


def test_show_says_what_a_run_was_made_with(done: Path, pipeproof: Say) -> None:
    run, _ = runs(done)
    line = pipeproof("show", run).out.splitlines()[-1]
    assert line.startswith("made with ")
    assert line.endswith(" packages")


@pytest.mark.parametrize("command", [("replay", "r-0101-none", "clean"), ("verify", "r-0101-none")])
@pytest.mark.usefixtures("done")
def test_a_run_that_is_not_there_is_wrong_usage(pipeproof: Say, command: tuple[str, ...]) -> None:
    said = pipeproof(*command)
    assert said.code == 2
    assert "PPF504" in said.err

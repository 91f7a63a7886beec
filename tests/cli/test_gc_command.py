"""`pipeproof gc`: what it prints, keeps and refuses."""

from __future__ import annotations

import pytest

from pipeproof.project import Project


@pytest.fixture
def runs(shop, pipeproof):
    """Return the names of three runs that took nothing of each other, oldest first."""
    clean = shop / "scripts" / "clean.py"
    for number in range(3):
        assert pipeproof("run", "shop").code == 0
        clean.write_text(clean.read_text() + f"\nNUMBER = {number}\n")
    listed = pipeproof("runs", "--format", "json").json["runs"]
    return [run["run"] for run in reversed(listed)]


@pytest.mark.slow
@pytest.mark.usefixtures("runs")
def test_the_same_is_said_before_and_after(pipeproof):
    words = ("gc", "--keep", "1", "--grace", "0")
    said = pipeproof(*words, "--dry-run").out
    before = len(pipeproof("runs", "--format", "json").json["runs"])
    done = pipeproof(*words)
    assert done.code == 0
    assert before == 3
    assert said.replace("would remove", "removed") == done.out
    assert pipeproof("show", "last").code == 0


@pytest.mark.slow
def test_a_pinned_run_stays(pipeproof, runs):
    assert pipeproof("gc", "--pin", runs[0]).out == f"pinned: {runs[0]}\n"
    pipeproof("gc", "--keep", "1")
    left = {run["run"] for run in pipeproof("runs", "--format", "json").json["runs"]}
    assert {runs[0], runs[2]} <= left
    assert pipeproof("gc", "--unpin", runs[0]).out == "pinned: no run\n"
    assert pipeproof("gc", "--pin", "last").out == f"pinned: {runs[2]}\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--keep", "ten"), "PPF522"),
        (("--grace", "-1"), "PPF522"),
        (("--keep-run", "r-none"), "PPF504"),
        (("--pin", "r-none"), "PPF504"),
        (("--claim",), "PPF557"),
        (("--remote",), "PPF557"),
    ],
)
def test_what_cannot_be_is_refused(shop, pipeproof, words, code):
    Project.at(shop).ledger.close()  # a ledger that knows no run
    said = pipeproof("gc", *words)
    assert (said.code, code in said.err) == (2, True)


@pytest.mark.usefixtures("shop")
def test_without_runs_there_is_nothing_to_do(pipeproof):
    assert pipeproof("gc").out == "removed 0 runs, 0 objects (0 B), logs and the like 0 B · kept 0 runs\n"

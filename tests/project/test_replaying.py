"""One step of a past run again: on what it read then, as it was configured then."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pipeproof as pp
from past_runs import FILES, KEY, WORKFLOW, write
from pipeproof.errors import UsageError
from pipeproof.project import Project
from pipeproof.project.execute import run
from pipeproof.project.replaying import Difference, replay

KINDS = ("threaded", "large", "job", "item[a]", "asks", "keyed", "out")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that ran once; tests that share it do not change it."""
    folder = tmp_path_factory.mktemp("kinds")
    write(folder, FILES)
    here = Path.cwd()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("SHOP_KEY", KEY["SHOP_KEY"])
        assert run("kinds.yaml")
    assert Path.cwd() == here
    return folder


@pytest.fixture
def past(ran: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the shared project as the current folder."""
    monkeypatch.chdir(ran)
    monkeypatch.setenv("SHOP_KEY", KEY["SHOP_KEY"])
    return ran


@pytest.fixture
def own(ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the project, which a test may change."""
    folder = tmp_path / "own"
    shutil.copytree(ran, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SHOP_KEY", KEY["SHOP_KEY"])
    return folder


@pytest.mark.parametrize("step", KINDS)
@pytest.mark.usefixtures("past")
def test_a_step_of_any_kind_comes_out_as_it_was(step: str) -> None:
    done = replay("last", step)
    assert (done.now.status, done.differences, done.changes) == ("passed", (), ())


def test_a_replay_is_a_run_of_its_own_and_not_the_last_one(past: Path) -> None:
    done = replay("last", "threaded")
    assert done.run.name.startswith("p-")
    assert Project.at(past).record("last").run == done.then_run


def test_what_would_go_to_a_target_goes_to_a_folder_of_the_replay(past: Path) -> None:
    published = past / "published" / "by_day.csv"
    before = published.stat().st_mtime_ns
    replay("last", "out")
    assert published.stat().st_mtime_ns == before


def test_a_step_that_touches_the_world_is_refused(past: Path) -> None:
    with pytest.raises(UsageError, match="PPF585"):
        replay("last", "send")
    assert (past / "sent.txt").read_text() == "sent "


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("tabel", "PPF124.*table"),
        ("orders", "PPF508.*is a source"),
        ("item", r"PPF508.*replay one of them: pipeproof replay .* 'item\[a\]'"),
    ],
)
@pytest.mark.usefixtures("past")
def test_what_cannot_be_run_again_is_refused_with_the_reason(step: str, says: str) -> None:
    with pytest.raises(UsageError, match=f"(?s){says}"):
        replay("last", step)


@pytest.mark.usefixtures("past")
def test_a_secret_must_be_there_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_KEY")
    with pytest.raises(UsageError, match=r"PPF131.*SHOP_KEY"):
        replay("last", "keyed")


def test_no_secret_is_kept_with_a_step(past: Path) -> None:
    kept = b"".join(path.read_bytes() for path in (past / ".pipeproof").glob("ledger.db*"))
    assert KEY["SHOP_KEY"].encode() not in kept


def test_inputs_are_those_of_the_run_whatever_a_source_holds_now(own: Path) -> None:
    (own / "orders.csv").write_text("day,amount\n2027-01-01,100\n")
    done = replay("last", "by_day")
    assert (done.differences, done.now.outputs["by_day"].rows) == ((), 2)


def test_code_that_changed_since_is_run_and_said(own: Path) -> None:
    write(own, {"steps.py": FILES["steps.py"].replace("table.height", "-table.height")})
    done = replay("last", "fresh")
    assert done.differences == (Difference("fresh", ("3 → -3",)),)
    assert [change.says for change in done.changes] == ["code steps.py:rows changed"]


def test_the_configuration_of_then_is_used_and_it_is_said_that_it_changed(own: Path) -> None:
    (own / "kinds.yaml").write_text(WORKFLOW.replace("amount > {least}", "amount > 3"))
    done = replay("last", "large")
    assert (done.differences, done.now.outputs["large"].rows) == ((), 2)
    assert {change.part for change in done.changes} == {"config", "parameters"}


def test_a_file_that_the_code_read_and_that_is_another_now_is_said(own: Path) -> None:
    (own / "terms.txt").write_text("90 days, at least")
    done = replay("last", "drawn")
    assert [change.says for change in done.changes] == ["file terms.txt changed"]


@pytest.mark.parametrize("change", ["broken", "gone", "without the step", "without the parameter"])
def test_a_pipeline_that_is_broken_or_gone_today_is_no_obstacle(own: Path, change: str) -> None:
    place = own / "kinds.yaml"
    if change == "gone":
        place.unlink()
    elif change == "broken":
        place.write_text("workflow: [")
    elif change == "without the step":
        place.write_text("\n".join(line for line in WORKFLOW.splitlines() if "threaded" not in line))
    else:
        place.write_text(WORKFLOW.replace("parameters: {least: 1}\n", "").replace("{least}", "1"))
    done = replay("last", "threaded")
    assert done
    assert done.differences == ()


@pytest.mark.usefixtures("own")
def test_parameters_are_those_of_the_run() -> None:
    assert run("kinds.yaml", {"least": 2}, until=["large"])
    assert replay("last", "large").now.outputs["large"].rows == 1


def test_the_seed_is_that_of_the_run(own: Path) -> None:
    (own / "kinds.yaml").write_text(WORKFLOW.replace("seed: 7", "seed: 8"))
    assert replay("last", "drawn").differences == ()


@pytest.mark.usefixtures("own")
def test_a_step_that_was_taken_from_an_earlier_run_is_run_again() -> None:
    done = run("kinds.yaml")
    assert done.record["large"].status == "reused"
    again = replay("last", "large")
    assert (again.then.status, again.now.status, again.differences) == ("reused", "passed", ())


def test_what_it_read_and_is_not_kept_any_more_is_named(own: Path) -> None:
    shutil.rmtree(own / ".pipeproof" / "objects")
    with pytest.raises(UsageError, match=r"PPF508.*table, which threaded read.*is not kept any more"):
        replay("last", "threaded")


FAILING = """\
workflow:
  name: failing
  steps:
  - {name: one, type: python, config: {function: "steps.py:one"}}
  - name: two
    type: python
    retry_count: 3
    config: {function: "steps.py:two", inputs: [one]}
    contract:
      outputs: {two: {columns: {n: {type: integer, min: 0}}}}
  - {name: three, type: python, config: {function: "steps.py:three", inputs: [two]}}
"""
BROKEN = """\
import polars as pl

def one():
    return 1

def two(one):
    return pl.DataFrame({"n": [one]})

def three(two):
    raise KeyError("wind")
"""


@pytest.fixture
def failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project whose last step failed."""
    write(tmp_path, {"failing.yaml": FAILING, "steps.py": BROKEN})
    monkeypatch.chdir(tmp_path)
    assert not run("failing.yaml")
    return tmp_path


@pytest.mark.usefixtures("failed")
def test_a_step_that_failed_fails_again_in_the_same_way() -> None:
    done = replay("last", "three")
    assert not done
    assert done.then.failure is not None
    assert done.now.failure is not None
    assert done.now.failure.message == done.then.failure.message
    assert done.now.failure.frames == done.then.failure.frames


def test_a_step_that_failed_passes_when_its_code_is_mended_and_that_is_said(failed: Path) -> None:
    (failed / "steps.py").write_text(BROKEN.replace('raise KeyError("wind")', "return two.height"))
    done = replay("last", "three")
    assert (bool(done), done.differences) == (True, ())
    assert [change.says for change in done.changes] == ["code steps.py:three changed"]


def test_a_broken_contract_is_broken_again(failed: Path) -> None:
    (failed / "steps.py").write_text(BROKEN.replace("[one]", "[-one]"))
    assert not run("failing.yaml")
    done = replay("last", "two")
    assert done.now.failure is not None
    assert done.now.failure.kind == "contract"


def test_a_failed_step_is_tried_once(failed: Path) -> None:
    (failed / "steps.py").write_text(
        BROKEN.replace("pl.DataFrame({", "unknown({").replace("one):", "one):\n    raise OSError('no')")
    )
    assert not run("failing.yaml", only=["two"])
    assert replay("last", "two").now.attempts == 1


def test_a_step_of_a_run_that_went_on_is_run_again(failed: Path) -> None:
    (failed / "steps.py").write_text(BROKEN.replace('raise KeyError("wind")', "return two.height"))
    assert pp.resume("last")
    assert [replay("last", step).differences for step in ("two", "three")] == [(), ()]


LOOPS = """\
from pathlib import Path

def loops(context):
    done = []
    for number in context.iterate(range(3)):
        done.append(number)
        if number == 1 and Path("broken").exists():
            raise ValueError("broken")
    return done
"""


def test_a_replay_neither_goes_on_from_checkpoints_of_the_run_nor_ends_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = "{name: loops, type: python, config: {function: 'steps.py:loops'}}"
    write(
        tmp_path, {"p.yaml": f"workflow: {{name: p, steps: [{step}]}}\n", "steps.py": LOOPS, "broken": "yes"}
    )
    monkeypatch.chdir(tmp_path)
    assert not run("p.yaml")
    (tmp_path / "broken").unlink()
    kept = sorted((tmp_path / ".pipeproof" / "checkpoints").rglob("*"))
    assert replay("last", "loops").now.outputs["loops"].value == [0, 1, 2]
    assert sorted((tmp_path / ".pipeproof" / "checkpoints").rglob("*")) == kept
    assert kept


MEMORY = """\
import pipeproof as pp

@pp.step
def here() -> int:
    return 1

assert pp.run(pp.Pipeline("memory", [here]))
"""


def test_a_function_without_a_file_has_no_key_and_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run([sys.executable, "-c", MEMORY], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"PPF508.*only steps that have a key can be run again"):
        replay("last", "here")


DECIDED = """\
workflow:
  name: outer
  steps:
  - {name: one, type: python, config: {function: "steps.py:one"}, after: "steps.py:note"}
  - name: inner
    type: pipeline
    config: {file: inner.yaml, inputs: {raw: one}, outputs: {twice: doubled}, parameters: {factor: 3}}
  - name: loop
    type: python
    repeat_until: {condition: metrics.loop.loss < 0.4, at_most: 5}
    config: {function: "steps.py:loop"}
  - {name: breaks, type: python, on_failure: stands, config: {function: "steps.py:breaks"}}
  - {name: stands, type: python, config: {function: "steps.py:stands"}}
  - {name: never, type: python, when: "rows(one) > 100", config: {function: "steps.py:stands"}}
  - {name: away, type: python, python: PYTHON, config: {function: "steps.py:away"}}
"""
INNER = """\
workflow:
  name: inner
  steps:
  - {name: twice, type: python, config: {function: "steps.py:twice", inputs: [raw]}}
sources: {raw: raw.csv}
parameters: {factor: 2}
"""
DECIDING = """\
import random
import polars as pl

def one():
    return pl.DataFrame({"a": [1, 2]})

def note(event):
    print(event)

def twice(raw, factor):
    return raw * factor

def loop(iteration, context, previous=None):
    context.log_metric("loss", 1 / iteration)
    return [iteration, previous]

def breaks():
    raise ValueError("broken")

def stands():
    return 3

def away():
    return random.random()
"""


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that ran once, with steps that decide; it is shared, so only look at it."""
    folder = tmp_path_factory.mktemp("decided")
    workflow = DECIDED.replace("PYTHON", sys.executable)
    write(folder, {"outer.yaml": workflow, "inner.yaml": INNER, "steps.py": DECIDING})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run("outer.yaml")
    return folder


@pytest.mark.parametrize("step", ["inner.twice", "loop", "stands", "away"])
def test_a_step_of_a_pipeline_that_decides_comes_out_as_it_was(
    decided: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.chdir(decided)
    done = replay("last", step)
    assert (done.now.status, done.differences) == ("passed", ())


@pytest.mark.parametrize(("step", "says"), [("never", "it was left out"), ("one@after", "is a hook")])
def test_what_runs_did_not_call_for_is_not_run_again(
    decided: Path, monkeypatch: pytest.MonkeyPatch, step: str, says: str
) -> None:
    monkeypatch.chdir(decided)
    with pytest.raises(UsageError, match=f"PPF508.*{says}"):
        replay("last", step)


WRITES = """\
import os
from pathlib import Path

def a():
    try:
        with Path("{place}").open("a") as file:
            file.write("x")
    except PermissionError:
        raise
    return os.environ["SHOP_KEY"] + os.environ["FROM_ENV"]
"""


@pytest.fixture
def writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return what a step wrote outside of its project, by itself, when it ran."""
    home, place = tmp_path / "home", tmp_path / "outside.txt"
    step = '{name: a, type: python, env: {SHOP_KEY: "${secret:SHOP_KEY}"}, config: {function: "code.py:a"}}'
    code = WRITES.replace("{place}", str(place))
    write(
        home,
        {"w.yaml": f"workflow:\n  name: w\n  steps:\n  - {step}\n", "code.py": code},
    )
    monkeypatch.chdir(home)
    monkeypatch.setenv("SHOP_KEY", KEY["SHOP_KEY"])
    monkeypatch.setenv("FROM_ENV", "own")
    assert run("w.yaml")
    return place


def test_a_step_that_writes_elsewhere_by_itself_is_held_off(writes: Path) -> None:
    done = replay("last", "a")
    assert done.now.failure is not None
    assert done.now.failure.code == "PPF243"
    assert writes.read_text() == "x"


def test_code_that_is_held_off_has_the_variables_and_secrets_of_a_run(writes: Path) -> None:
    code = Path("code.py")
    code.write_text(code.read_text().replace("        raise", "        pass"))
    done = replay("last", "a")
    assert (done.now.status, done.differences) == ("passed", ())
    assert writes.read_text() == "x"

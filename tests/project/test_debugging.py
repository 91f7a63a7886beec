"""A step of a past run in the debugger, in a terminal of its own."""

from __future__ import annotations

import os
import pty
import re
import select
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from past_runs import FILES, write
from pipeproof.errors import UsageError
from pipeproof.project.debugging import debug
from pipeproof.project.execute import run

WORKFLOW = """\
workflow:
  name: broken
  steps:
  - {name: one, type: python, config: {function: "steps.py:one"}}
  - {name: fails, type: python, config: {function: "steps.py:fails", inputs: [one]}}
  - {name: stops, type: python, config: {function: "steps.py:stops", inputs: [one]}}
  - {name: asks, type: python, config: {function: "steps.py:asks", inputs: [one]}}
  - {name: keyed, type: python, env: {SHOP_KEY: "${secret:SHOP_KEY}"}, config: {function: "steps.py:keyed"}}
  - {name: job, type: script, config: {script: job.py, arguments: {least: 3}}, contract: {outputs: {out: {format: csv}}}}
  - {name: leaves, type: script, config: {script: leaves.py}, contract: {outputs: {out: {format: csv}}}}
  - {name: query, type: sql, config: {query_template: "SELECT 1 / a AS b FROM one"}}
  - {name: bad, type: python, config: {function: "steps.py:bad"}, contract: {outputs: {bad: {columns: {n: {type: integer, min: 0}}}}}}
  - {name: send, type: script, effects: external, config: {script: job.py}, contract: {outputs: {sent: {format: csv}}}}
"""
STEPS = """\
import os
import random
import polars as pl

def one():
    return pl.DataFrame({"a": [1, 2, 3]})

def fails(one):
    wanted = "wind" + "_speed"
    return one[wanted].sum()

def stops(one, context):
    rows = one.height
    if context.run == "debug":
        breakpoint()
    return rows

def asks(one, context):
    print("drawn", random.random(), context.data("one").height, context.result("one").step)
    return 1

def keyed():
    raise ValueError("no door for " + os.environ["SHOP_KEY"])

def bad():
    return pl.DataFrame({"n": [-1]})
"""
SCRIPT = """\
def main(input_paths, output_paths, environ_vars, job_args):
    least = job_args.least
    raise RuntimeError(f"at least {least}")
"""
LEAVES = "import sys\n\ndef main(input_paths, output_paths):\n    code = 1 + 2\n    sys.exit(code)\n"
KEY = "a-secret-of-the-shop"


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project whose steps failed; it is shared, so only look at it."""
    folder = tmp_path_factory.mktemp("broken")
    write(folder, {"broken.yaml": WORKFLOW, "steps.py": STEPS, "job.py": SCRIPT, "leaves.py": LEAVES})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("SHOP_KEY", KEY)
        assert not run("broken.yaml", keep_going=True)
    return folder


def in_terminal(folder: Path, step: str, *typed: str) -> tuple[int, str]:
    """Debug a step in a terminal, type something at each prompt; return the exit code and all that was shown."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.environ["SHOP_KEY"] = KEY
        os.execv(sys.executable, [sys.executable, "-m", "pipeproof", "replay", "last", step, "--debug"])
    shown, waiting = b"", [*typed]
    prompts, until = 0, time.monotonic() + 60
    while time.monotonic() < until:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                more = os.read(terminal, 4096)
            except OSError:  # the other end is closed
                break
            if not more:
                break
            shown += more
        if shown.count(b"(Pdb) ") > prompts and waiting:
            prompts += 1
            os.write(terminal, waiting.pop(0).encode() + b"\n")
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", shown.decode()).replace(
        "\r", ""
    )


@pytest.mark.slow
def test_the_debugger_stands_at_the_line_of_the_user_with_its_variables(broken: Path) -> None:
    code, shown = in_terminal(broken, "fails", "p wanted", "p one.shape", "q")
    assert code == 1
    assert "-> return one[wanted].sum()" in shown
    assert "'wind_speed'" in shown
    assert "(3, 1)" in shown


@pytest.mark.slow
def test_a_breakpoint_in_the_code_stops_there_and_goes_on(broken: Path) -> None:
    code, shown = in_terminal(broken, "stops", "p rows * 100", "c")
    assert code == 0
    assert "300" in shown
    assert "the code of stops passed" in shown


@pytest.mark.slow
def test_the_debugger_stands_in_a_script(broken: Path) -> None:
    code, shown = in_terminal(broken, "job", "p job_args", "q")
    assert code == 1
    assert '-> raise RuntimeError(f"at least {least}")' in shown
    assert "least=3" in shown


@pytest.fixture
def here(broken: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the project the current folder, with nobody at the keyboard but one who quits."""
    monkeypatch.chdir(broken)
    monkeypatch.setenv("SHOP_KEY", KEY)
    quits = broken / "quits"
    quits.write_text("q\n" * 5)
    with quits.open() as typed:
        monkeypatch.setattr(sys, "stdin", typed)
        yield


@pytest.mark.usefixtures("here")
def test_a_script_that_leaves_with_a_code_is_stopped_in(capfd: pytest.CaptureFixture[str]) -> None:
    assert not debug("last", "leaves")
    assert "-> sys.exit(code)" in capfd.readouterr().out


@pytest.mark.usefixtures("here")
def test_whoever_traced_the_process_before_goes_on() -> None:
    before = sys.gettrace()

    def tracer(*_: object) -> None:
        return None

    sys.settrace(tracer)
    try:
        debug("last", "leaves")
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)


@pytest.mark.slow
def test_whoever_leaves_at_a_breakpoint_is_not_asked_again(broken: Path) -> None:
    code, shown = in_terminal(broken, "stops", "q")
    assert (code, shown.count("(Pdb)")) == (1, 1)


@pytest.mark.usefixtures("here")
def test_a_step_asks_its_context_and_draws_as_in_the_run(
    capfd: pytest.CaptureFixture[str], broken: Path
) -> None:
    assert debug("last", "asks")
    (log,) = (broken / ".pipeproof" / "runs").glob("*/logs/asks.1.log")
    assert log.read_text().strip() in capfd.readouterr().out


@pytest.mark.usefixtures("here")
def test_a_secret_is_masked_in_what_is_shown_of_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    assert not debug("last", "keyed")
    assert "no door for ***" in capfd.readouterr().err


@pytest.mark.usefixtures("here")
def test_what_failed_for_its_data_says_that_the_code_passes() -> None:
    said: list[str] = []
    assert debug("last", "bad", tell=said.append)
    assert "it was the data" in said[-1]


@pytest.mark.usefixtures("here")
def test_this_process_is_afterwards_as_it_was() -> None:
    before = (os.environ.copy(), Path.cwd(), [*sys.path])
    debug("last", "asks")
    assert (os.environ.copy(), Path.cwd(), [*sys.path]) == before


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("step", "says"), [("query", "PPF586.*runs no code of yours"), ("send", "PPF585.*touches the world")]
)
def test_what_has_no_code_here_or_touches_the_world_is_refused(step: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        debug("last", step)


def test_code_of_another_environment_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = f"{{name: away, type: script, python: {sys.executable}, config: {{script: job.py}}}}"
    write(tmp_path, {"p.yaml": f"workflow: {{name: p, steps: [{step}]}}\n", "job.py": FILES["send.py"]})
    monkeypatch.chdir(tmp_path)
    assert run("p.yaml")
    with pytest.raises(UsageError, match=r"PPF586.*another environment.*pipeproof replay r-.* away"):
        debug("last", "away")

"""A past run done again: what comes out otherwise is named, and nothing touches the world."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from past_runs import FILES, KEY, write
from pipeproof.errors import UsageError
from pipeproof.project import Project
from pipeproof.project.execute import run
from pipeproof.project.replaying import Difference
from pipeproof.project.verifying import Again, Verified, verify


def by_step(verified: Verified) -> Mapping[str, Again]:
    return {step.step: step for step in verified.steps}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that ran once; tests that share it do not change it."""
    folder = tmp_path_factory.mktemp("kinds")
    write(folder, FILES)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("SHOP_KEY", KEY["SHOP_KEY"])
        assert run("kinds.yaml")
    return folder


@pytest.fixture(scope="module")
def verified(ran: Path) -> Verified:
    """Return what came of the run when its source and targets were gone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ran)
        patch.delenv("SHOP_KEY", raising=False)
        (ran / "orders.csv").rename(ran / "orders.gone")
        shutil.rmtree(ran / "published")
        return verify("last")


@pytest.mark.parametrize(
    "step",
    ["table", "fresh", "threaded", "by_day", "large", "job", "item[a]", "item[b]", "asks", "drawn", "out"],
)
def test_a_step_of_any_kind_comes_out_the_same(verified: Verified, step: str) -> None:
    assert by_step(verified)[step].answer == "same"


def test_a_run_whose_steps_all_came_out_the_same_is_verified(verified: Verified) -> None:
    assert verified


def test_sources_are_no_steps_and_are_not_read_again(verified: Verified, ran: Path) -> None:
    assert "orders" not in by_step(verified)
    assert not (ran / "orders.csv").exists()


def test_nothing_is_published_again(verified: Verified, ran: Path) -> None:
    assert by_step(verified)["out"].answer == "same"
    assert not (ran / "published").exists()


def test_a_step_that_touches_the_world_is_skipped_with_the_reason(verified: Verified, ran: Path) -> None:
    assert by_step(verified)["send"] == Again(
        "send", "skipped", why="it touches the world (effects: external), which cannot be redirected"
    )
    assert (ran / "sent.txt").read_text() == "sent "


def test_a_secret_is_not_given_and_what_comes_out_otherwise_for_that_is_no_difference(
    verified: Verified,
) -> None:
    told = by_step(verified)["keyed"]
    assert told.answer == "skipped"
    assert "SHOP_KEY" in told.why


SMALL = """\
workflow:
  name: small
  steps:
  - {name: one, type: python, config: {function: "steps.py:one"}}
  - {name: two, type: python, config: {function: "steps.py:two", inputs: [one]}}
"""
STEPS = """\
import polars as pl

def one():
    return pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})

def two(one):
    return one.height
"""


def small(folder: Path, steps: str = STEPS, **files: str) -> None:
    write(folder, {"small.yaml": SMALL, "steps.py": steps, **files})


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("now", "says"),
    [
        ('{"a": [1, 3], "b": ["x", "y"]}', "column a: 1 of 2 rows"),
        ('{"a": [2, 1], "b": ["y", "x"]}', "the same rows in another order"),
    ],
)
def test_the_column_that_differs_is_named_and_what_changed(tmp_path: Path, now: str, says: str) -> None:
    small(tmp_path)
    assert run("small.yaml")
    (tmp_path / "steps.py").write_text(STEPS.replace('{"a": [1, 2], "b": ["x", "y"]}', now))
    verified = verify("last")
    told = by_step(verified)["one"]
    assert not verified
    assert (told.answer, told.deterministic) == ("differs", True)
    assert told.differences == (Difference("one", (says,)),)
    assert [change.says for change in told.changes] == ["code steps.py:one changed"]


def test_a_step_that_differs_does_not_blame_those_behind_it(tmp_path: Path) -> None:
    small(tmp_path)
    assert run("small.yaml")
    (tmp_path / "steps.py").write_text(STEPS.replace("[1, 2]", "[1, 2, 3]").replace('"y"]', '"y", "z"]'))
    assert by_step(verify("last"))["two"].answer == "same"


def test_a_step_that_never_gives_the_same_is_told_from_one_that_changed(tmp_path: Path) -> None:
    small(tmp_path, STEPS.replace("[1, 2]", "[*__import__('os').urandom(2)]"))
    assert run("small.yaml")
    told = by_step(verify("last"))["one"]
    assert (told.answer, told.deterministic) == ("differs", False)


def test_a_step_that_draws_at_random_gives_the_same(tmp_path: Path) -> None:
    small(
        tmp_path,
        STEPS.replace("[1, 2]", "[__import__('random').random(), __import__('numpy').random.rand()]"),
    )
    assert run("small.yaml")
    assert verify("last")


def test_a_step_that_fails_now_says_why(tmp_path: Path) -> None:
    small(tmp_path)
    assert run("small.yaml")
    (tmp_path / "steps.py").write_text(STEPS.replace("return one.height", "return one['gone']"))
    told = by_step(verify("last"))["two"]
    assert (told.answer, told.deterministic) == ("failed", True)
    assert "gone" in told.why


def test_a_step_that_writes_outside_of_its_folder_fails_and_writes_nothing(tmp_path: Path) -> None:
    writes = "open('trace.txt', 'a').write('x'); return one.height"
    small(tmp_path, STEPS.replace("return one.height", writes))
    assert run("small.yaml")
    told = by_step(verify("last"))["two"]
    assert told.answer == "failed"
    assert (tmp_path / "trace.txt").read_text() == "x"


def test_a_step_gets_the_variables_that_it_asked_for_in_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(tmp_path, STEPS.replace("return one.height", "import os; return os.environ.get('SHOP_REGION')"))
    monkeypatch.setenv("SHOP_REGION", "north")
    assert run("small.yaml")
    assert by_step(verify("last"))["two"].answer == "same"


def test_a_variable_that_is_another_now_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small(tmp_path, STEPS.replace("return one.height", "import os; return os.environ.get('SHOP_REGION')"))
    monkeypatch.setenv("SHOP_REGION", "north")
    assert run("small.yaml")
    monkeypatch.setenv("SHOP_REGION", "south")
    told = by_step(verify("last"))["two"]
    assert told.differences == (Difference("two", ("'north' → 'south'",)),)
    assert "variable SHOP_REGION changed" in [change.says for change in told.changes]


def test_files_and_folders_are_compared_by_content(tmp_path: Path) -> None:
    writes = """\
from pathlib import Path

def main(input_paths, output_paths, environ_vars, job_args):
    Path(output_paths["file"]).write_text("a")
    folder = Path(output_paths["folder"])
    folder.mkdir(exist_ok=True)
    (folder / "part").write_text("b")
"""
    step = "{name: job, type: script, config: {script: job.py}, contract: {outputs: {file: {}, folder: {format: folder}}}}"
    write(tmp_path, {"p.yaml": f"workflow:\n  name: p\n  steps:\n  - {step}\n", "job.py": writes})
    assert run("p.yaml")
    assert verify("last")
    (tmp_path / "job.py").write_text(writes.replace('"b"', '"c"'))
    assert by_step(verify("last"))["job"].differences == (Difference("job.folder", ("its bytes differ",)),)


def test_a_run_of_which_nothing_can_be_done_again_is_an_error(tmp_path: Path) -> None:
    small(tmp_path, "def one():\n    raise KeyError('no')\n\ndef two(one):\n    return one\n")
    assert not run("small.yaml")
    with pytest.raises(UsageError, match=r"(?s)PPF587.*one: it failed.*two: it was blocked"):
        verify("last")


def test_what_a_step_read_and_is_not_kept_any_more_is_named(tmp_path: Path) -> None:
    small(tmp_path)
    assert run("small.yaml")
    shutil.rmtree(tmp_path / ".pipeproof" / "objects")
    told = by_step(verify("last"))["two"]
    assert (told.answer, "one, which two read in" in told.why) == ("skipped", True)


def test_a_verification_is_no_run_that_others_take_results_from(tmp_path: Path) -> None:
    small(tmp_path)
    name = run("small.yaml").name
    verify("last")
    assert Project.at(tmp_path).record("last").run == name


def test_rows_that_a_contract_set_aside_are_set_aside_again(tmp_path: Path) -> None:
    contract = (
        "contract: {enforce: quarantine, outputs: {one: {columns: {a: {type: integer, min: 2}, b: string}}}}"
    )
    workflow = SMALL.replace('"steps.py:one"}}', f'"steps.py:one"}}, {contract}}}')
    write(tmp_path, {"small.yaml": workflow, "steps.py": STEPS})
    done = run("small.yaml")
    assert "one.rejected" in done.record["one"].outputs
    assert verify("last")


def test_a_package_that_is_another_now_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = tmp_path / "elsewhere" / "site-packages"
    monkeypatch.syspath_prepend(packages)
    monkeypatch.setenv("PYTHONPATH", str(packages))

    def install(version: str) -> None:
        shutil.rmtree(packages, ignore_errors=True)
        about = f"toolbox-{version}.dist-info"
        write(
            packages,
            {
                "toolbox/__init__.py": f"VALUE = '{version}'\n",
                f"{about}/METADATA": f"Name: toolbox\nVersion: {version}\n",
                f"{about}/RECORD": "toolbox/__init__.py,,\n",
            },
        )

    install("1.0")
    small(tmp_path, STEPS.replace("return one.height", "import toolbox; return toolbox.VALUE"))
    assert run("small.yaml")
    install("2.0")
    told = by_step(verify("last"))["two"]
    assert told.differences == (Difference("two", ("'1.0' → '2.0'",)),)
    assert "package toolbox: 1.0 → 2.0" in [change.says for change in told.changes]

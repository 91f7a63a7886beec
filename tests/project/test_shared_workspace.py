"""Projects that keep their runs in one workspace: none takes up, replays or clears away what is another's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeproof.errors import UsageError
from pipeproof.project import Project
from pipeproof.project.collecting import Keep, collect, pin, pinned
from pipeproof.project.execute import plan, run
from pipeproof.project.replaying import replay
from pipeproof.project.resuming import resume
from pipeproof.project.rolling_back import rollback
from pipeproof.project.verifying import verify

PIPELINE = """\
workflow:
  name: same
  steps:
  - {name: a, type: python, isolation: thread, retry_count: 0, config: {function: "code.py:a"}}
"""
FAILS = "def a():\n    raise ValueError('of one')\n"


@pytest.fixture
def projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Project]:
    """Return what makes a project the one around the current folder."""
    monkeypatch.setenv("PIPEPROOF_WORKSPACE", str(tmp_path / "space"))
    for name in ("one", "two", "space/inside"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "p.yaml").write_text(PIPELINE)
        (tmp_path / name / "code.py").write_text(f"def a():\n    return {name!r}\n")

    def enter(name: str) -> Project:
        monkeypatch.chdir(tmp_path / name)
        return Project.at(tmp_path / name)

    return enter


def test_a_project_inside_of_the_workspace_may_move_with_it(projects: Callable[[str], Project]) -> None:
    assert projects("space/inside").identity == "inside"
    assert projects("one").identity == str(Path.cwd())


def test_the_last_run_is_the_last_of_this_project(projects: Callable[[str], Project]) -> None:
    own = projects("one"), run("p.yaml").name
    projects("two")
    run("p.yaml")
    assert projects("one").record("last").run == own[1]


def test_nothing_was_run_in_a_project_whose_neighbour_ran(projects: Callable[[str], Project]) -> None:
    projects("one")
    run("p.yaml")
    projects("two")
    with pytest.raises(UsageError, match="nothing was run here yet"):
        resume("last")


@pytest.mark.parametrize(
    ("do", "code"),
    [
        (resume, "PPF506"),
        (lambda name: replay(name, "a"), "PPF508"),
        (verify, "PPF508"),
        (rollback, "PPF508"),
    ],
)
def test_a_run_of_another_project_is_refused(
    projects: Callable[[str], Project], do: Callable[[str], object], code: str
) -> None:
    one = projects("one").root
    (one / "code.py").write_text(FAILS)
    name = run("p.yaml").name
    projects("two")
    with pytest.raises(UsageError, match=f"is a run of the project {one}") as told:
        do(name)
    assert told.value.findings[0].code == code
    assert str(one) in told.value.findings[0].fix


def test_reasons_come_from_runs_of_the_same_project(projects: Callable[[str], Project]) -> None:
    projects("one")
    run("p.yaml")
    projects("two")
    (task,) = plan("p.yaml").tasks
    assert "it has not passed yet" in task.why


def test_the_newest_runs_of_each_project_are_kept(projects: Callable[[str], Project]) -> None:
    projects("one")
    first = run("p.yaml").name
    projects("two")
    names = [run("p.yaml", reuse=False).name for _ in range(2)]
    gone = collect(projects("one"), Keep(last=1), grace=-5.0, dry=True)
    assert [old.name for old in gone.runs] == names[:1]
    pin(projects("one"), ["last"])
    assert pinned(projects("one")) == {first}

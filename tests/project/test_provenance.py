"""What a run was made with: the revision of the code and its changes, interpreter, packages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from past_runs import write
from pipeproof.project import Project
from pipeproof.project.execute import run
from pipeproof.project.prove import test as prove
from pipeproof.project.revision import Head, read_head
from pipeproof.report.made_with import made_with

FILES = {
    "p.yaml": "workflow: {name: p, steps: [{name: one, type: sql, config: {query_template: SELECT 1 AS a}}]}\n",
    "steps.py": "def one():\n    return 1\n",
    ".gitignore": ".pipeproof\n__pycache__\n",
}
NOBODY = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *words: str) -> str:
    words = ("git", "-c", "init.defaultBranch=main", *words)
    return subprocess.run(
        words, cwd=folder, env=NOBODY, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project without a repository, as the current folder."""
    write(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def repository(project: Path) -> Path:
    """Return a project that is committed."""
    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-qm", "first")
    return project


def about(folder: Path) -> dict[str, Any]:
    """Return what the record of a new run says of its surroundings."""
    assert run("p.yaml")
    return dict(Project.at(folder).record("last").about)


def kept(folder: Path, digest: str) -> str:
    return Project.at(folder).ledger.texts([digest])[digest]


@needs_git
def test_the_revision_and_branch_of_a_clean_tree_are_recorded(repository: Path) -> None:
    revision = git(repository, "rev-parse", "HEAD")
    told = {"revision": revision, "branch": "main", "dirty": False, "untracked": 0}
    assert about(repository)["git"] == told


@needs_git
def test_changes_that_are_not_committed_are_kept_as_a_diff(repository: Path) -> None:
    (repository / "steps.py").write_text("def one():\n    return 2\n")
    (repository / "new.py").touch()
    told = about(repository)["git"]
    assert (told["dirty"], told["untracked"]) == (True, 1)
    assert "-    return 1\n+    return 2\n" in kept(repository, told["diff"])


@needs_git
def test_a_secret_in_the_changes_is_masked(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "tomatoes-and-basil")
    (repository / "steps.py").write_text("def one():\n    return 'tomatoes-and-basil'\n")
    assert "return '***'" in kept(repository, about(repository)["git"]["diff"])


@needs_git
def test_of_many_changes_a_megabyte_is_kept(repository: Path) -> None:
    (repository / "steps.py").write_text(FILES["steps.py"] + "# a long line of no interest\n" * 60_000)
    text = kept(repository, about(repository)["git"]["diff"])
    assert text.endswith("cut off after 1,000,000 bytes\n")
    assert len(text) < 1_000_100


@needs_git
def test_programs_that_a_repository_names_are_not_started(repository: Path) -> None:
    git(repository, "config", "diff.external", "touch external #")
    git(repository, "config", "core.fsmonitor", "touch monitor #")
    git(repository, "config", "diff.odd.textconv", "touch converter #")
    (repository / ".gitattributes").write_text("*.py diff=odd\n")
    (repository / "steps.py").write_text("def one():\n    return 3\n")
    assert about(repository)["git"]["dirty"]
    assert not any((repository / name).exists() for name in ("external", "monitor", "converter"))


@needs_git
def test_a_repository_without_a_commit_has_no_revision(project: Path) -> None:
    git(project, "init", "-q")
    assert about(project)["git"] == {"revision": "", "branch": "main", "dirty": None}


def test_without_a_repository_there_is_nothing_to_say_of_git(project: Path) -> None:
    assert "git" not in about(project)


@needs_git
def test_without_git_the_revision_is_read_all_the_same(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    revision = git(repository, "rev-parse", "HEAD")
    monkeypatch.setenv("PATH", str(repository))
    assert about(repository)["git"] == {"revision": revision, "branch": "main", "dirty": None}


@needs_git
@pytest.mark.parametrize("way", ["packed", "detached", "worktree", "below"])
def test_the_revision_is_found_wherever_git_keeps_it(
    repository: Path, tmp_path_factory: Any, way: str
) -> None:
    revision, branch, place = git(repository, "rev-parse", "HEAD"), "main", repository
    if way == "packed":
        git(repository, "pack-refs", "--all")
    elif way == "detached":
        git(repository, "checkout", "-q", "--detach")
        branch = ""
    elif way == "worktree":
        place, branch = tmp_path_factory.mktemp("trees") / "tree", "side"
        git(repository, "worktree", "add", "-q", "-b", branch, str(place))
    else:
        place = repository / "deep" / "down"
        place.mkdir(parents=True)
    assert read_head(place) == Head(revision, branch)


def test_a_file_that_only_looks_like_a_repository_is_none(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    assert read_head(tmp_path) is None


def test_all_installed_packages_are_kept_with_their_versions(project: Path) -> None:
    told = about(project)["packages"]
    packages = json.loads(kept(project, told["digest"]))
    assert packages["polars"] == version("polars")
    assert len(packages) == told["count"]


def test_the_interpreter_is_recorded(project: Path) -> None:
    assert about(project)["interpreter"].endswith(sys.executable)


def test_a_test_says_nothing_of_git_or_packages(project: Path) -> None:
    assert prove("p.yaml")
    (name,) = Project.at(project).ledger.runs()
    assert not {"git", "packages", "interpreter"} & Project.at(project).record(name).about.keys()


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"python": "3.12.1"}, "python 3.12.1"),
        ({"python": "3.12.1", "packages": {"count": 1}}, "python 3.12.1, 1 package"),
        ({"git": {"revision": "abcdef012345", "dirty": False, "untracked": 0}}, "git abcdef0"),
        ({"git": {"revision": "abcdef012345", "dirty": True}}, "git abcdef0 + changes"),
        (
            {"git": {"revision": "abcdef012345", "dirty": True, "untracked": 2}},
            "git abcdef0 + changes + 2 untracked files",
        ),
        ({"git": {"revision": "", "dirty": None}}, "git without a commit"),
    ],
)
def test_it_is_said_in_one_line(told: dict[str, Any], says: str) -> None:
    assert made_with(told) == says

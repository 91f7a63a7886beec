"""Where a relative path leads, what the project is, and where its runs are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeproof.loading.places import Places, places_for
from pipeproof.project import Project

WORKSPACE = "PIPEPROOF_WORKSPACE"


def written(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the folder of a project, with a workspace beside it."""
    written(tmp_path / "project" / "configs" / "workflows" / "flow.yaml")
    (tmp_path / "workspace").mkdir()
    return tmp_path / "project"


@pytest.fixture
def flow(root: Path) -> Path:
    return root / "configs" / "workflows" / "flow.yaml"


@pytest.fixture
def places(root: Path) -> Places:
    return places_for(root, {WORKSPACE: str(root.parent / "workspace")})


@pytest.mark.parametrize("below", [".", "configs", "configs/workflows", "scripts/deep"])
def test_the_project_is_found_from_any_folder_inside_of_it(root: Path, below: str) -> None:
    (root / below).mkdir(parents=True, exist_ok=True)
    assert places_for(root / below, {}).project == root


def test_the_nearest_project_counts(root: Path) -> None:
    inner = written(root / "shops" / "pipeproof.yaml").parent
    assert places_for(inner, {}).project == inner


@pytest.mark.parametrize("holds", ["pipeproof.yaml", "pipeproof.yml", ".pipeproof/ledger.db"])
def test_settings_or_runs_make_a_folder_a_project(tmp_path: Path, holds: str) -> None:
    written(tmp_path / holds)
    (tmp_path / "below").mkdir()
    assert places_for(tmp_path / "below", {}).project == tmp_path


def test_a_folder_without_any_sign_is_its_own_project(tmp_path: Path) -> None:
    assert places_for(tmp_path, {}) == Places(tmp_path, tmp_path, None)


@pytest.mark.parametrize(
    "place",
    ["project/configs/workflows/x.csv", "project/configs/x.csv", "project/x.csv", "workspace/x.csv"],
)
def test_a_relative_path_is_looked_for_near_and_far(
    places: Places, root: Path, flow: Path, place: str
) -> None:
    there = written(root.parent / place)
    assert places.find("x.csv", flow)[0] == there


def test_what_lies_nearer_comes_first(places: Places, flow: Path) -> None:
    places_of_it = [written(folder / "x.csv") for folder in places.around(flow)]
    found = []
    for place in places_of_it:
        found.append(places.find("x.csv", flow)[0])
        place.unlink()
    assert found == places_of_it


def test_what_is_nowhere_names_each_place_once(places: Places, root: Path, flow: Path) -> None:
    folders = [flow.parent, root / "configs", root, root.parent / "workspace"]
    assert places.find("x.csv", flow) == (None, tuple(folder / "x.csv" for folder in folders))


def test_an_absolute_path_is_looked_for_there_alone(places: Places, root: Path, flow: Path) -> None:
    written(root / "x.csv")
    away = str(root.parent / "x.csv")
    assert places.find(away, flow) == (None, (Path(away),))


def test_a_tilde_is_the_home_of_the_user(
    places: Places, flow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert places.find("~/x.csv", flow)[0] is None
    written(tmp_path / "x.csv")
    assert places.find("~/x.csv", flow)[0] == tmp_path / "x.csv"


@pytest.mark.parametrize(
    ("path", "leads"),
    [
        ("data/x.csv", "data/x.csv"),
        ("./data/../data//x.csv", "data/x.csv"),
        ("../workspace/x.csv", "{above}/workspace/x.csv"),
        ("/data/./x.csv", "/data/x.csv"),
    ],
)
def test_a_path_is_made_plain(places: Places, root: Path, flow: Path, path: str, leads: str) -> None:
    assert places.lead(path, flow) == leads.format(above=root.parent)


def test_two_projects_of_one_workspace_keep_their_runs_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WORKSPACE, str(tmp_path / "workspace"))
    projects = [Project.at(written(tmp_path / name / "pipeproof.yaml").parent) for name in ("one", "two")]
    assert {project.state for project in projects} == {tmp_path / "workspace" / ".pipeproof"}


def test_without_a_workspace_runs_are_kept_in_the_project(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(WORKSPACE, raising=False)
    assert Project.at(root / "configs").state == root / ".pipeproof"

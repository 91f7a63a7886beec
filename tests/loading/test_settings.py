"""Settings of a project: where they are looked for, what they say, and what is said of mistakes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeproof.errors import ConfigError, Location, UsageError
from pipeproof.loading.places import find_pipeline_file, places_for
from pipeproof.loading.settings import Settings, StoreSettings, load_settings


def settings_of(folder: Path, text: str, **environment: str) -> Settings:
    (folder / "pipeproof.yaml").write_text(text)
    return load_settings(places_for(folder, {}), environment)


def wrong(folder: Path, text: str, **environment: str) -> list[tuple[str, str]]:
    with pytest.raises(ConfigError) as caught:
        settings_of(folder, text, **environment)
    return [(finding.code, str(finding)) for finding in caught.value.findings]


def test_a_project_without_a_file_keeps_everything_local(tmp_path):
    assert load_settings(places_for(tmp_path, {}), {}) == Settings(StoreSettings("local", "local", "none"))


@pytest.mark.parametrize("text", ["", "# store:\n#   state: redis\n", "store:\n", "store: {state: }\n"])
def test_what_sets_nothing_leaves_everything_local(tmp_path, text):
    assert settings_of(tmp_path, text).store == StoreSettings()


def test_one_line_switches_each_store(tmp_path):
    text = "store:\n  state: redis://cache:6379/0\n  objects: s3://bucket/prefix\n  fallback: local\n"
    settings = settings_of(tmp_path, text)
    assert settings.store == StoreSettings("redis://cache:6379/0", "s3://bucket/prefix", "local")
    assert settings.file == tmp_path / "pipeproof.yaml"
    assert settings.store.places["state"].line == 2


def test_passwords_come_from_the_environment_and_are_not_shown(tmp_path):
    text = "store:\n  state: redis://:${REDIS_PASSWORD}@cache\n  objects: '${OBJECTS:-local}'\n"
    settings = settings_of(tmp_path, text, REDIS_PASSWORD="hidden-word")
    assert settings.store.state == "redis://:hidden-word@cache"
    assert settings.store.objects == "local"
    assert "hidden-word" not in repr(settings)


def test_a_password_that_is_not_set_is_told_where_it_stands(tmp_path):
    ((code, said),) = wrong(tmp_path, "store:\n  state: redis://:${REDIS_PASSWORD}@cache\n")
    assert code == "PPF131"
    assert "pipeproof.yaml:2:10" in said


def test_all_mistakes_are_told_at_once_with_their_places_and_what_was_meant(tmp_path):
    text = "stores: {}\nstore:\n  sate: redis\n  fallback: locl\n  objects: [s3]\n"
    found = wrong(tmp_path, text)
    assert sorted(code for code, _ in found) == ["PPF103", "PPF103", "PPF105", "PPF105"]
    told = "\n".join(said for _, said in found)
    assert "pipeproof.yaml:1:1" in told
    assert "did you mean 'store'?" in told
    assert "pipeproof.yaml:3:3" in told
    assert "did you mean 'state'?" in told
    assert "did you mean 'local'?" in told
    assert "text is needed" in told


def test_a_pipeline_under_the_name_of_the_settings_is_told(tmp_path):
    ((code, said),) = wrong(tmp_path, "workflow: {name: x, steps: []}\n")
    assert (code, "holds a pipeline" in said) == ("PPF105", True)


@pytest.mark.parametrize("text", ["store: {", "- a\n", "just text\n", "store: 5\n"])
def test_what_is_no_mapping_is_told(tmp_path, text):
    assert wrong(tmp_path, text)


def test_two_files_of_settings_contradict_each_other(tmp_path):
    (tmp_path / "pipeproof.yml").write_text("")
    ((code, said),) = wrong(tmp_path, "")
    assert (code, "pipeproof.yml" in said) == ("PPF105", True)


def test_the_other_ending_is_read_too(tmp_path):
    (tmp_path / "pipeproof.yml").write_text("store: {state: memory}\n")
    assert load_settings(places_for(tmp_path, {}), {}).store.state == "memory"


def test_the_projects_own_file_comes_before_that_of_the_workspace(tmp_path):
    project, workspace = tmp_path / "project", tmp_path / "workspace"
    (project / "configs" / "workflows").mkdir(parents=True)
    workspace.mkdir()
    (workspace / "pipeproof.yaml").write_text("store: {state: redis://shared}\n")
    places = places_for(project, {"PIPEPROOF_WORKSPACE": str(workspace)})
    assert load_settings(places, {}).store.state == "redis://shared"
    (project / "pipeproof.yaml").write_text("store: {state: memory}\n")
    assert load_settings(places, {}).store.state == "memory"


def test_settings_make_a_folder_a_project_and_are_found_from_below(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "pipeproof.yaml").write_text("store: {state: memory}\n")
    places = places_for(tmp_path / "deep" / "er", {})
    assert places.project == tmp_path
    assert load_settings(places, {}).store.state == "memory"


def test_settings_beside_a_pipeline_are_no_pipeline(tmp_path):
    (tmp_path / "pipeproof.yaml").write_text("")
    (tmp_path / "flow.yaml").write_text("workflow: {}")
    assert find_pipeline_file(str(tmp_path), tmp_path) == tmp_path / "flow.yaml"
    (tmp_path / "flow.yaml").unlink()
    with pytest.raises(UsageError, match="no YAML file"):
        find_pipeline_file(str(tmp_path), tmp_path)


def test_places_of_settings_are_locations(tmp_path):
    settings = settings_of(tmp_path, "store:\n  fallback: none\n  state: local\n")
    assert isinstance(settings.store.places["state"], Location)
    assert settings.store.places["state"].line == 3


def test_whoever_has_no_settings_pays_for_no_pydantic(tmp_path):
    code = (
        "import sys; from pathlib import Path; from pipeproof.loading.places import places_for\n"
        "from pipeproof.loading.settings import load_settings\n"
        "load_settings(places_for(Path(sys.argv[1]), {}), {})\n"
        "assert not {'pydantic', 'yaml'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)

"""The stores that a project's settings name: opened lazily, replaced only when that is allowed, tried on demand."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeproof.errors import ConfigError, StoreError
from pipeproof.project import Project, examine, plan, run
from pipeproof.project.stores import probe_stores
from servers import Emulator, Server, free_port


def project_with(folder: Path, settings: str = "") -> Project:
    (folder / "pipeproof.yaml").write_text(settings)
    return Project.at(folder)


def test_state_is_a_file_of_the_project_unless_something_else_is_said(tmp_path):
    project = project_with(tmp_path)
    assert not project.state.exists()
    project.keyvalue.put("n", "k", b"1")
    project.keyvalue.close()
    assert (tmp_path / ".pipeproof" / "state.db").exists()
    assert project.opened_state.fell_back is None


def test_state_lies_in_the_workspace_when_there_is_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PIPEPROOF_WORKSPACE", str(tmp_path / "workspace"))
    (tmp_path / "project").mkdir()
    project = project_with(tmp_path / "project")
    project.keyvalue.close()
    assert (tmp_path / "workspace" / ".pipeproof" / "state.db").exists()


@pytest.mark.slow
def test_one_line_switches_the_backend_and_the_same_code_goes_on(
    tmp_path, monkeypatch, redis: Server, firestore: Emulator
):
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore.host)
    for address in ("memory", "local", f"redis://127.0.0.1:{redis.port}/2", "gcp://demo-tests"):
        store = project_with(tmp_path, f"store: {{state: '{address}'}}").keyvalue
        store.put("switching", "k", address.encode())
        assert store.get("switching", "k") == address.encode()
        store.close()


def test_an_unreachable_store_is_an_error_at_its_line(tmp_path):
    project = project_with(tmp_path, f"store:\n  state: redis://127.0.0.1:{free_port()}\n")
    with pytest.raises(StoreError) as caught:
        _ = project.keyvalue
    (finding,) = caught.value.findings
    assert (finding.code, finding.where.line) == ("PPF540", 2)


def test_an_unreachable_store_is_replaced_where_that_is_allowed_and_a_person_is_told(tmp_path):
    text = f"store:\n  state: redis://127.0.0.1:{free_port()}\n  fallback: local\n"
    project = project_with(tmp_path, text)
    project.keyvalue.put("n", "k", b"1")
    project.keyvalue.close()
    assert project.opened_state.fell_back.code == "PPF547"
    assert (tmp_path / ".pipeproof" / "state.db").exists()


def test_a_run_tells_that_another_store_stands_in(tmp_path):
    (tmp_path / "pipeproof.yaml").write_text(
        f"store:\n  state: redis://127.0.0.1:{free_port()}\n  fallback: local\n"
    )
    (tmp_path / "flow.yaml").write_text(
        "workflow:\n  name: flow\n  steps:\n    - {name: a, type: sql, config: {query_template: SELECT 1 AS x}}\n"
    )
    (planned,) = plan(tmp_path / "flow.yaml").pipeline.notes
    done = run(tmp_path / "flow.yaml")
    for note in (planned, *Project.at(tmp_path).record(done.name).notes):
        assert "PPF547" in note
        assert "state.db" in note


def test_a_try_of_each_store_says_how_long_it_took_and_leaves_nothing(tmp_path):
    project = project_with(tmp_path)
    state, objects = probe_stores(project)
    assert (state.name, state.findings, list(state.seconds)) == (
        "state",
        (),
        ["open", "write", "swap", "read", "remove"],
    )
    assert (objects.name, objects.findings) == ("objects", ())
    assert list(project.keyvalue.keys("pipeproof-check")) == []
    assert list((tmp_path / ".pipeproof" / "objects" / "incoming").iterdir()) == []
    project.keyvalue.close()


def test_a_try_tells_of_a_store_that_another_would_stand_in_for(tmp_path):
    text = f"store:\n  state: redis://127.0.0.1:{free_port()}\n  fallback: local\n"
    state, objects = probe_stores(project_with(tmp_path, text))
    assert [finding.code for finding in state.findings] == ["PPF540"]
    assert state.address.startswith("redis://127.0.0.1:")
    assert (Path(state.stands_in).name, objects.stands_in) == ("state.db", "")
    assert objects.findings == ()


def test_wrong_addresses_are_all_told_at_their_lines(tmp_path):
    text = "store:\n  state: radis://:hidden-word@cache\n  objects: s4://bucket\n"
    with pytest.raises(ConfigError) as caught:
        probe_stores(project_with(tmp_path, text))
    assert [finding.where.line for finding in caught.value.findings] == [2, 3]
    assert "hidden-word" not in str(caught.value)


def test_a_check_of_a_pipeline_tells_what_is_wrong_with_the_settings_too(tmp_path):
    text = "store:\n  state: radis://cache\n  objects: s4://bucket\n"
    (tmp_path / "pipeproof.yaml").write_text(text)
    (tmp_path / "flow.yaml").write_text(
        "workflow:\n  name: flow\n  steps:\n    - {name: a, type: sql, config: {query_template: SELECT 1 AS x}}\n"
    )
    found = [finding for finding in examine(tmp_path / "flow.yaml").errors if finding.where]
    assert [(finding.where.line, finding.code) for finding in found] == [(2, "PPF543"), (3, "PPF550")]
    (tmp_path / "pipeproof.yaml").write_text("store: {state: 'redis://127.0.0.1:1'}\n")
    assert not examine(tmp_path / "flow.yaml").errors, "no server is asked"
    (tmp_path / "pipeproof.yaml").write_text("stor: {}\n")
    assert [finding.code for finding in examine(tmp_path / "flow.yaml").errors] == ["PPF103"]

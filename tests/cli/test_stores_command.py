"""`pipeproof store check`: one line a store, exit 1 when one does not answer."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from servers import free_port


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_stores_that_answer_have_a_line_each(pipeproof, folder):
    (folder / "pipeproof.yaml").write_text("store:\n  state: sqlite:///own.db\n")
    said = pipeproof("store", "check")
    assert (said.code, said.err) == (0, "")
    state, objects = said.out.splitlines()
    assert state.startswith("✓ state    sqlite:///own.db")
    assert all(word in state for word in ("write", "swap", "read", "remove", " ms"))
    assert objects.startswith("✓ objects  .pipeproof/objects")


def test_a_store_that_does_not_answer_is_marked_and_explained(pipeproof, folder):
    (folder / "pipeproof.yaml").write_text(f"store:\n  state: redis://:hidden-word@127.0.0.1:{free_port()}\n")
    said = pipeproof("store", "check")
    assert said.code == 1
    assert said.out.startswith("✗ state    redis://127.0.0.1:")
    assert "✓ objects" in said.out
    assert "pipeproof.yaml:2:10  PPF540" in said.err
    assert "hidden-word" not in said.out + said.err


def test_wrong_settings_are_wrong_usage(pipeproof, folder):
    (folder / "pipeproof.yaml").write_text("store:\n  state: radis\n  objects: s4://bucket\n")
    said = pipeproof("store", "check")
    assert said.code == 2
    assert "PPF543" in said.err
    assert "pipeproof.yaml:3" in said.err


def test_programs_get_json(pipeproof, folder):
    (folder / "pipeproof.yaml").write_text(f"store: {{state: 'redis://127.0.0.1:{free_port()}'}}\n")
    said = pipeproof("store", "check", "--format", "json")
    assert (said.code, said.err) == (1, "")
    state, objects = said.json["stores"]
    assert (state["name"], state["answers"], state["findings"][0]["code"]) == ("state", False, "PPF540")
    assert (objects["answers"], objects["findings"]) == (True, [])


def test_the_schema_of_settings_takes_what_is_read_and_refuses_what_is_not(pipeproof):
    validator = Draft202012Validator(pipeproof("schema", "--of", "settings").json)
    assert validator.is_valid(
        {"store": {"state": "redis://:${WORD}@h", "objects": "local", "fallback": "local"}}
    )
    assert validator.is_valid({})
    for wrong in ({"store": {"sate": "redis"}}, {"stores": {}}, {"store": {"fallback": "redis"}}):
        assert not validator.is_valid(wrong)

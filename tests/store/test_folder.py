"""The folder of a project's runs is for its owner alone."""

from __future__ import annotations

import pytest

import pipeproof as pp
from pipeproof.errors import StoreError
from pipeproof.store.folder import make_state


def test_a_run_keeps_its_state_from_others_and_out_of_version_control(tmp_path):
    @pp.step
    def one():
        return 1

    pp.run(pp.Pipeline("p", steps=[one], root=str(tmp_path)))
    state = tmp_path / ".pipeproof"
    assert state.stat().st_mode & 0o777 == 0o700
    assert (state / ".gitignore").read_text() == "*\n"


def test_permissions_that_someone_gave_later_stay(tmp_path):
    state = make_state(tmp_path / "deep" / ".pipeproof")
    state.chmod(0o750)
    (state / ".gitignore").unlink()
    make_state(state)
    assert state.stat().st_mode & 0o777 == 0o750
    assert not (state / ".gitignore").exists()


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="runs cannot be kept") as caught:
        make_state(tmp_path / "file" / ".pipeproof")
    assert caught.value.findings[0].code == "PPF501"

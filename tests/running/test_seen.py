"""What was used compares as equal as long as it is as it was."""

from __future__ import annotations

import os
import time

import pytest

from pipeproof.model.outcome import Seen
from pipeproof.running.seen import NEVER, digest_seen

HOUR_NS = 3600 * 10**9


@pytest.fixture
def digest(tmp_path):
    """Return the digest of something in a folder, with a variable and a parameter."""

    def digest_of(what, name, environment=None, parameters=None, salt=b"salt"):
        return digest_seen(Seen(what, name), tmp_path, environment or {}, parameters or {}, salt=salt)

    return digest_of


def age(path):
    """Make a file an hour old."""
    then = time.time_ns() - HOUR_NS
    os.utime(path, ns=(then, then))


@pytest.mark.parametrize("what", ["file", "module", "loaded", "program"])
def test_a_file_differs_by_content_alone(digest, tmp_path, what):
    path = tmp_path / "a"
    path.write_text("one")
    before = digest(what, "a")
    path.touch()
    assert digest(what, "a") == before == digest(what, str(path))
    path.write_text("two")
    assert digest(what, "a") != before
    path.unlink()
    assert digest(what, "a") == "missing"


def test_a_file_changed_at_once_and_with_its_old_time_is_looked_at_again(digest, tmp_path):
    path = tmp_path / "a"
    path.write_text("one")
    age(path)
    before, times = digest("file", "a"), path.stat().st_mtime_ns
    path.write_text("two")
    os.utime(path, ns=(times, times))
    assert digest("file", "a") != before


def test_a_folder_differs_by_names_and_sorts(digest, tmp_path):
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / "a").write_text("one")
    before = digest("folder", "d")
    (folder / "a").write_text("another")
    (folder / "__pycache__").mkdir()
    assert digest("folder", "d") == before
    (folder / "b").touch()
    with_file = digest("folder", "d")
    (folder / "b").unlink()
    (folder / "b").mkdir()
    assert len({before, with_file, digest("folder", "d")}) == 3


def test_what_is_missing_differs_when_it_is_there(digest, tmp_path):
    assert digest("missing", "a") == "missing"
    (tmp_path / "a").touch()
    assert digest("missing", "a") != "missing"


def test_presence_differs_by_size_and_sort_and_not_by_content(digest, tmp_path):
    seen = [digest("presence", "a")]
    (tmp_path / "a").write_text("one")
    seen.append(digest("presence", "a"))
    (tmp_path / "a").write_text("two")
    assert digest("presence", "a") == seen[-1]
    (tmp_path / "a").write_text("longer")
    seen.append(digest("presence", "a"))
    (tmp_path / "a").unlink()
    (tmp_path / "a").mkdir()
    assert len({*seen, digest("presence", "a")}) == 4


@pytest.mark.parametrize("what", ["variable", "parameter"])
def test_a_value_differs_by_value_name_and_salt(digest, what):
    where = "environment" if what == "variable" else "parameters"
    one = digest(what, "A", **{where: {"A": "secret"}})
    assert one == digest(what, "A", **{where: {"A": "secret", "B": "x"}})
    others = {
        digest(what, "A", **{where: {"A": "other"}}),
        digest(what, "A"),
        digest(what, "B", **{where: {"B": "secret"}}),
        digest(what, "A", **{where: {"A": "secret"}}, salt=b"pepper"),
    }
    assert len(others) == 4
    assert one not in others


def test_a_parameter_differs_by_its_type(digest):
    assert digest("parameter", "n", parameters={"n": 1}) != digest("parameter", "n", parameters={"n": "1"})


@pytest.mark.parametrize("what", NEVER)
def test_what_has_no_state_has_no_digest(digest, what):
    assert digest(what, "x") == ""


def test_a_program_of_the_system_differs_by_size_and_time():
    true = digest_seen(Seen("program", "/bin/true"), os.curdir, {}, {}, salt=b"")
    assert true not in {"", "missing", digest_seen(Seen("program", "/bin/ls"), os.curdir, {}, {}, salt=b"")}

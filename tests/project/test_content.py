"""Digests of large files are kept from one plan to the next, and hold as long as the files are as they were."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeproof.digest import digest_file
from pipeproof.project.content import Digests, content_digest
from pipeproof.running.seen import LARGE

ASK = """
import sys
from pathlib import Path
from pipeproof.project.content import Digests, content_digest
digests = Digests(Path(sys.argv[1]))
digests.load()
print(content_digest(Path(sys.argv[2])))
digests.save()
"""


def ask(state: Path, file: Path) -> str:
    """Return the digest as another process says it."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, state, file], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Return a large file that is older than two seconds, in its last change too."""
    file = tmp_path / "large.bin"
    file.write_bytes(b"1" * LARGE)
    while time.time_ns() - file.stat().st_ctime_ns < 2_100_000_000:
        time.sleep(0.1)
    return file


def test_another_process_takes_the_digest_that_is_kept_for_the_files_state(
    large: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    assert ask(state, large) == digest_file(large)
    kept = json.loads((state / "digests.json").read_text())
    kept[str(large)][1] = "kept"  # so that it shows where it came from
    (state / "digests.json").write_text(json.dumps(kept))
    assert ask(state, large) == "kept"
    with large.open("r+b") as file:
        file.write(b"2")
    assert ask(state, large) == digest_file(large)
    os.utime(large, ns=(0, kept[str(large)][0][1]))  # as a copy that keeps times would have it
    assert ask(state, large) == digest_file(large)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}', '{"a": [1, 2, 3]}'])
def test_what_is_no_list_of_digests_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "digests.json").write_text(text)
    (tmp_path / "small").write_text("x")
    Digests(tmp_path).load()
    assert content_digest(tmp_path / "small") == digest_file(tmp_path / "small")


def test_where_nothing_was_ever_run_nothing_is_kept(tmp_path: Path) -> None:
    Digests(tmp_path / "none").save()
    assert not (tmp_path / "none").exists()


def test_a_folder_counts_with_all_that_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_text("1")
    first = content_digest(tmp_path)
    (tmp_path / "in" / "a").write_text("2")
    assert first != content_digest(tmp_path) != ""
    assert content_digest(tmp_path / "none") == ""

"""Writing a file: all of it or nothing, whatever happens meanwhile."""

from __future__ import annotations

import hashlib
import os
import threading

import pytest

from pipeproof.errors import ContractError
from pipeproof.steps.files.write import write

GO = threading.Event()


def test_readers_never_see_half_a_file_while_two_write_at_once(tmp_path):
    contents = [bytes([65 + number]) * 3_000_000 for number in range(2)]
    sources = [tmp_path / str(number) for number in range(2)]
    for source, content in zip(sources, contents, strict=True):
        source.write_bytes(content)
    to, seen, done = tmp_path / "out" / "file", set(), threading.Event()
    write(sources[0], to, overwrite=True, stopped=GO)

    def read():
        while not done.is_set():
            seen.add(to.read_bytes())

    def repeat(source):
        for _ in range(8):
            write(source, to, overwrite=True, stopped=GO)

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=repeat, args=(source,)) for source in sources]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert seen <= set(contents)
    assert [path.name for path in to.parent.iterdir()] == ["file"]


def test_without_overwrite_one_of_two_writers_wins_and_the_other_is_told(tmp_path):
    (tmp_path / "source").write_text("x")
    told = []

    def attempt():
        try:
            write(tmp_path / "source", tmp_path / "out", overwrite=False, stopped=GO)
        except ContractError as error:
            told.append(error.findings[0].code)

    threads = [threading.Thread(target=attempt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == ["PPF212"] * 5
    assert (tmp_path / "out").read_text() == "x"


def test_a_stopped_copy_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / "source").write_text("new")
    (tmp_path / "out").write_text("old")
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(InterruptedError):
        write(tmp_path / "source", tmp_path / "out", overwrite=True, stopped=stopped)
    assert (tmp_path / "out").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "source"]


def test_a_file_where_a_folder_should_be_is_said(tmp_path):
    (tmp_path / "source").write_text("x")
    with pytest.raises(ContractError, match=r"PPF213  .*source/deep/out cannot be written"):
        write(tmp_path / "source", tmp_path / "source" / "deep" / "out", overwrite=True, stopped=GO)


def test_a_folder_where_a_file_should_be_is_said(tmp_path):
    (tmp_path / "source").write_text("x")
    (tmp_path / "out").mkdir()
    with pytest.raises(ContractError, match="PPF213"):
        write(tmp_path / "source", tmp_path / "out", overwrite=True, stopped=GO)


def test_size_and_checksum_are_those_of_the_content(tmp_path):
    content = os.urandom(2_500_000)
    (tmp_path / "source").write_bytes(content)
    written = write(tmp_path / "source", tmp_path / "a" / "b" / "out", overwrite=True, stopped=GO)
    assert (written.sha256, written.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert written.path.read_bytes() == content

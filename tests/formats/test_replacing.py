"""A file is written whole or not at all, and nobody reads along."""

import os

import pytest

from pipeproof.formats.replacing import replacing


def mode(path):
    return path.stat().st_mode & 0o777


def test_a_file_is_there_when_it_is_complete_and_never_open_to_others(tmp_path):
    with replacing(tmp_path / "t.csv.gz", 0o600) as file:
        file.write_text("whole")
        assert (mode(file), file.parent, file.name.endswith(".csv.gz")) == (0o600, tmp_path, True)
        assert not (tmp_path / "t.csv.gz").exists()
    assert (mode(tmp_path / "t.csv.gz"), (tmp_path / "t.csv.gz").read_text()) == (0o600, "whole")


def test_permissions_of_what_is_there_stay_and_until_then_it_is_its_owners(tmp_path):
    (tmp_path / "t").write_text("old")
    (tmp_path / "t").chmod(0o640)
    with replacing(tmp_path / "t") as file:
        assert mode(file) == 0o600
        file.write_text("new")
    assert (mode(tmp_path / "t"), (tmp_path / "t").read_text()) == (0o640, "new")


def test_what_is_there_stays_when_writing_fails_and_nothing_is_left(tmp_path):
    (tmp_path / "t").write_text("old")
    with pytest.raises(TypeError), replacing(tmp_path / "t") as file:
        file.write_text(file.write_text("half"))
    assert [(item.name, item.read_text()) for item in tmp_path.iterdir()] == [("t", "old")]


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with replacing(tmp_path / "link") as file:
        file.write_text("new")
    assert ((tmp_path / "link").is_symlink(), (tmp_path / "real").read_text()) == (True, "new")


def test_a_device_is_written_to_as_it_is_and_a_long_name_is_no_trouble(tmp_path):
    with replacing(tmp_path.__class__(os.devnull)) as file:
        assert str(file) == os.devnull
    with replacing(tmp_path / ("n" * 255)) as file:
        file.write_text("x")
    assert (tmp_path / ("n" * 255)).read_text() == "x"

"""Exceptions as plain data that can be kept and shown."""

from __future__ import annotations

from pipeproof.running.describe import describe, is_users


def test_halves_of_characters_are_written_out():
    described = describe(ValueError("bad file \ud800"))
    assert described["message"] == "bad file \\ud800"


def test_a_traceback_with_halves_of_characters_can_be_written():
    assert describe(ValueError("\udcff"))["traceback"].encode("utf-8")


def test_lines_of_compiled_libraries_are_not_the_users():
    assert not is_users("pandas/_libs/ops_dispatch.pyx")

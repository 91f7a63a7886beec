"""The smallest table that still fails the same way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.data.shrinking import shrink, shrink_by
from pipeproof.data.shrinking.as_test import pytest_file
from pipeproof.data.shrinking.command import Command, command_of
from pipeproof.data.shrinking.failing_file import shrink_file
from pipeproof.data.shrinking.minimise import fewest
from pipeproof.data.shrinking.signature import Signature, of_exception, of_output, pattern_of
from pipeproof.errors import ContractError, UsageError


def table(rows=40):
    return pl.DataFrame({"id": range(rows), "a": [n % 7 for n in range(rows)], "note": ["x"] * rows})


@given(st.sets(st.integers(0, 59), min_size=1, max_size=4), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_the_fewest_items_are_just_those_that_are_needed(needed, width):
    found = fewest(list(range(60)), lambda lists: [needed <= set(items) for items in lists], width)
    assert set(found) == needed


@given(st.integers(1, 4), st.integers(2, 30))
@settings(max_examples=30, deadline=None)
def test_how_many_are_tried_at_once_changes_nothing(width, rows):
    def ask(lists):
        return [sum(items) % 5 == sum(range(rows)) % 5 and bool(items) for items in lists]

    assert list(fewest(range(rows), ask, width)) == list(fewest(range(rows), ask, 1))


def test_nothing_is_needed_where_nothing_fails_too():
    assert fewest([1, 2, 3], lambda lists: [True] * len(lists)) == []


def test_rows_and_columns_that_do_not_matter_go():
    found = shrink(table(), lambda given: "a" in given.columns and (given["a"] == 6).any())
    assert (found.table.height, found.table.columns) == (1, ["a"])


def test_the_shrunk_table_still_fails():
    def fails(given):
        return given["id"].sum() > 500

    assert fails(shrink(table(), fails).table)


def test_values_become_simple():
    found = shrink(
        {"n": [123, 456], "t": ["a long text", "b"]}, lambda given: given.select("n", "t").height > 0
    )
    assert found.table.rows() == [(0, "a")]


def test_a_value_that_the_message_shows_stays():
    def fails(given):
        for text in given["t"]:
            float(text)

    assert shrink({"t": ["1.5", "189,89", "2"]}, fails).table.rows() == [("189,89",)]


def test_messages_that_list_their_values_are_alike_however_many_there_are():
    assert pattern_of("bad: 'a', 'b', 'c'") == pattern_of("bad: 'x'")


def test_another_failure_is_not_the_same():
    def fails(given):
        if given.height < 10:
            raise KeyError("too few")
        if (given["id"] == 20).any():
            raise ValueError("id 20")

    found = shrink(table(), fails)
    assert (found.signature.kind, found.table.height) == ("ValueError", 10)


def test_a_table_that_does_not_fail_is_told():
    with pytest.raises(UsageError, match="does not fail"):
        shrink(table(), lambda _given: False)


def test_where_the_trials_end_the_result_says_that_it_may_not_be_minimal():
    found = shrink(table(), lambda given: (given["id"] == 3).any() and (given["id"] == 33).any(), most=4)
    assert not found.is_minimal
    assert found.trials <= 5


def test_the_same_table_is_tried_once():
    tried = []

    def examine(tables):
        tried.extend(repr((given.columns, given.rows())) for given in tables)
        return [Signature("failed") if given.height > 1 else None for given in tables]

    shrink_by(table(6), examine)
    assert len(set(tried)) == len(tried)


def test_messages_are_alike_without_their_particulars():
    assert pattern_of("row 17: 'abc' in /tmp/x/y.csv") == pattern_of("row 4: 'd' in /var/z.csv")


def test_an_exception_is_known_by_type_place_and_message():
    def fail(number):
        raise ValueError(f"bad {number}")

    seen = []
    for number in (1, 2):
        try:
            fail(number)
        except ValueError as error:
            seen.append(of_exception(error))
    assert seen[0].is_like(seen[1])


def test_a_traceback_that_was_printed_tells_as_much():
    text = 'Traceback (most recent call last):\n  File "job.py", line 3, in main\n    x\nmod.BadError: no 7\nbye\n'
    assert of_output("exit 1", text) == Signature("BadError", "job.py:3 in main", "no #", "no 7")


def test_other_output_is_known_by_its_last_line():
    assert of_output("exit 3", "a\nfailed at 12\n") == Signature("exit 3", "", "failed at #", "failed at 12")


@pytest.mark.parametrize("text", ["python job.py", "python 'job.py {table}"])
def test_a_command_without_a_place_for_the_table_is_told(text):
    with pytest.raises(UsageError, match="PPF366"):
        command_of(text)


SCRIPT = """
import csv, os, sys
rows = list(csv.DictReader(open(sys.argv[1])))
for row in rows:
    if row["code"] == "007":
        raise ValueError(f"{row['code']} of {len(rows)}")
"""


@pytest.fixture
def failing(tmp_path):
    (tmp_path / "job.py").write_text(SCRIPT)
    lines = [f"{number:03},{number % 3},ann{number}@example.org" for number in range(24)]
    (tmp_path / "t.csv").write_text("\n".join(["code,n,email", *lines]))
    return tmp_path


def command(folder: Path, **more) -> Command:
    return Command((sys.executable, "-S", str(folder / "job.py"), "{table}"), "t.csv", "csv", jobs=2, **more)


def test_a_file_is_shrunk_with_the_command_that_fails_on_it(failing):
    found, kind = shrink_file(failing / "t.csv", command(failing), most=200, seconds=None, show_private=False)
    assert (found.table.rows(), found.table.columns, kind) == ([("007",)], ["code"], "csv")


def test_personal_data_are_replaced_where_the_failure_allows(failing):
    (failing / "job.py").write_text(SCRIPT + "    row['email'].index('@')\n" + "raise SystemExit('end')\n")
    (failing / "t.csv").write_text("email,n\nann@real.org,1\n")
    (failing / "job.py").write_text(
        "import csv,sys\nfor r in csv.DictReader(open(sys.argv[1])): r['email'].index('@'); 1/0\n"
    )
    found, _ = shrink_file(failing / "t.csv", command(failing), most=100, seconds=None, show_private=False)
    assert "@" in found.table["email"][0]
    assert "real" not in found.table["email"][0]


def test_a_failure_that_needs_personal_data_is_not_kept(failing):
    (failing / "t.csv").write_text("email,n\nann@real.org,1\n")
    code = (
        "import csv,sys\nfor r in csv.DictReader(open(sys.argv[1])):\n  if r['email']=='ann@real.org': 1/0\n"
    )
    (failing / "job.py").write_text(code)
    with pytest.raises(UsageError, match="needs the personal data in email"):
        shrink_file(failing / "t.csv", command(failing), most=100, seconds=None, show_private=False)


def test_what_is_said_of_a_failure_repeats_no_personal_value(failing):
    (failing / "t.csv").write_text("email,born,n\nann@real.org,1980-05-17,1\n")
    code = "import csv,sys\nfor r in csv.DictReader(open(sys.argv[1])): raise ValueError(r['email'] + ' ' + r['born'])\n"
    (failing / "job.py").write_text(code)
    found, _ = shrink_file(failing / "t.csv", command(failing), most=100, seconds=None, show_private=False)
    assert "real.org" not in found.signature.message
    assert "real.org" not in str(found.to_dict())


def test_personal_numbers_and_dates_are_replaced_too(failing):
    (failing / "t.csv").write_text("phone,birth_date\n+49301234567,1980-05-17\n")
    (failing / "job.py").write_text(
        "import csv,sys\nfor r in csv.DictReader(open(sys.argv[1])): r['phone'], r['birth_date']; 1/0\n"
    )
    found, _ = shrink_file(failing / "t.csv", command(failing), most=100, seconds=None, show_private=False)
    assert found.table["phone"][0] != "+49301234567"
    assert found.table["birth_date"][0] != "1980-05-17"


def test_a_failure_of_the_writing_is_told(failing):
    (failing / "job.py").write_text(
        "import sys\nif '\\r' in open(sys.argv[1], newline='').read(): sys.exit(1)\n"
    )
    (failing / "t.csv").write_bytes(b"a,b\r\n1,2\r\n")
    with pytest.raises(UsageError, match="not in the same way on the same table written anew"):
        shrink_file(failing / "t.csv", command(failing), most=50, seconds=None, show_private=False)


def test_a_command_that_hangs_fails_by_that(failing):
    (failing / "job.py").write_text("import time; time.sleep(60)\n")
    assert command(failing, timeout=0.3).run_on(failing / "t.csv") == Signature("timeout")


def test_a_program_that_is_not_there_is_told(failing):
    with pytest.raises(UsageError, match="cannot be started"):
        Command(("no-such-program", "{table}"), "t.csv", "csv").run_on(failing / "t.csv")


def test_a_file_that_is_no_table_is_told(failing):
    with pytest.raises(ContractError, match="no format"):
        shrink_file(failing / "job.py", command(failing), most=5, seconds=None, show_private=False)


def test_the_test_that_is_written_fails_as_the_command_does(failing, monkeypatch):
    monkeypatch.chdir(failing)
    words = (sys.executable, "-S", "job.py", "{table}")
    text = pytest_file(words, failing / "t.csv", Signature("ValueError", "", "", "007"), 20.0)
    (failing / "test_small.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", "import test_small; test_small.test_the_command_takes_t()"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "before, it failed with ValueError: 007" in done.stderr

"""`pipeproof data compare` as a person calls it."""

import json

import polars as pl
import pytest

BEFORE = pl.DataFrame(
    {"id": range(300), "price": [float(n % 40) for n in range(300)], "kind": ["a", "b", "c"] * 100}
)

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def tables(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    BEFORE.write_parquet("before.parquet")
    BEFORE.write_csv("same.csv")
    BEFORE.with_columns(price=pl.col("price") + 9).head(299).write_csv("after.csv")
    return tmp_path


def test_the_same_table_ends_with_0(pipeproof):
    said = pipeproof("data", "compare", "before.parquet", "same.csv", "--key", "id")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[-1] == "no difference found"


def test_what_differs_is_told_and_ends_with_1(pipeproof):
    said = pipeproof("data", "compare", "before.parquet", "after.csv", "--key", "id")
    lines = said.out.splitlines()
    assert said.code == 1
    assert lines[0] == "before.parquet → after.csv · 300 → 299 rows"
    assert "rows     by id: 1 removed, 299 changed, none the same" in lines
    assert "         ~ id=0  price 0.0 → 9.0" in lines
    assert "drift    1 of 2 columns drifted (alpha 0.01 for all of 5 questions)" in lines
    assert lines[-1] == "they differ: rows, drift in 1 column"


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [("schema", 0), ("rows", 1), ("drift", 1), ("schema,drift", 1), ("any", 1), ("never", 0)],
)
def test_a_person_says_what_is_a_failure(pipeproof, fail_on, code):
    said = pipeproof("data", "compare", "before.parquet", "after.csv", "--key", "id", "--fail-on", fail_on)
    assert said.code == code


def test_what_is_skipped_is_not_told(pipeproof):
    said = pipeproof("data", "compare", "before.parquet", "after.csv", "--skip", "rows,drift")
    assert (said.code, said.out.splitlines()[1:]) == (0, ["columns  the same", "no difference found"])


def test_json_is_one_document(pipeproof):
    said = pipeproof("data", "compare", "before.parquet", "after.csv", "--key", "id", "--format", "json")
    assert (said.code, said.json["schema"]) == (1, "pipeproof.comparison/1")
    assert said.json["differs"] == ["rows", "drift"]


def test_files_that_are_asked_for_are_written(tables, pipeproof):
    pipeproof("data", "compare", "before.parquet", "after.csv", "--html", "c.html", "--json", "c.json")
    assert (tables / "c.html").read_text().startswith("<!doctype html>")
    assert json.loads((tables / "c.json").read_text())["after"] == "after.csv"


def test_a_stored_profile_may_stand_for_the_first_table(pipeproof):
    pipeproof("data", "profile", "before.parquet", "--json", "profile.json")
    said = pipeproof("data", "compare", "profile.json", "after.csv")
    assert said.code == 1
    assert said.out.startswith("profile of before → after.csv · ")
    assert "1 of 3 columns drifted (alpha 0.01 for all of 6 questions, from a stored profile)" in said.out


def test_a_key_that_is_not_there_ends_with_2(pipeproof):
    said = pipeproof("data", "compare", "before.parquet", "after.csv", "--key", "idd")
    assert (said.code, said.out) == (2, "")
    assert "PPF339  the key 'idd' is not a column of both tables; did you mean 'id'?" in said.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--key", "id,,x"], "takes names with commas between"),
        (["--fail-on", "row"], "did you mean 'rows'?"),
        (["--skip", "drifts"], "did you mean 'drift'?"),
        (["--alpha", "7"], "alpha is 7.0"),
        (["--html", "none/c.html"], "cannot be written"),
    ],
)
def test_wrong_options_are_told(pipeproof, words, says):
    said = pipeproof("data", "compare", "before.parquet", "same.csv", *words)
    assert said.code == 2
    assert says in said.err


def test_a_file_that_is_not_there_is_told(pipeproof):
    said = pipeproof("data", "compare", "before.parquet", "afterwards.csv")
    assert (said.code, "no file afterwards.csv" in said.err) == (2, True)

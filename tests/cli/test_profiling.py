"""`pipeproof data profile`, called as a person calls it."""

import json

import polars as pl
import pytest

from pipeproof.data.profiling.profile import read_profile


@pytest.fixture(autouse=True)
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pl.DataFrame({"id": [1, 2, 2], "amount": [5.0, None, 7.5]}).write_csv("orders.csv")
    (tmp_path / "orders.yaml").write_text(
        "columns:\n  id: integer\n  amount: {type: number, range: [0, 6]}\n"
    )
    return tmp_path


def test_a_table_is_described_in_lines(pipeproof):
    said = pipeproof("data", "profile", "orders.csv")
    assert said.code == 0
    assert said.out.startswith("orders · 3 rows · 2 columns · quality 0.900\n")


def test_a_contract_is_asked_for_validity(pipeproof):
    said = pipeproof("data", "profile", "orders.csv", "--contract", "orders.yaml")
    assert "amount: 1 of 3 rows break '≤ 6'" in said.out


def test_the_profile_is_printed_as_json(pipeproof):
    document = pipeproof("data", "profile", "orders.csv", "--format", "json").json
    assert document["schema"] == "pipeproof.profile/1"
    assert [column["nulls"] for column in document["columns"]] == [0, 1]


def test_several_tables_are_described_one_after_the_other(pipeproof):
    said = pipeproof("data", "profile", "orders.csv", "orders.csv", "--format", "json")
    assert [one["name"] for one in said.json["profiles"]] == ["orders", "orders"]


def test_files_are_written_for_programs_and_people(shop, pipeproof):
    said = pipeproof("data", "profile", "orders.csv", "--json", "p.json", "--html", "p.html")
    assert said.code == 0
    assert read_profile("p.json").rows == 3
    assert (shop / "p.html").read_text().startswith("<!doctype html>")
    assert json.loads((shop / "p.json").read_text())["schema"] == "pipeproof.profile/1"


def test_one_file_for_two_tables_is_refused(pipeproof):
    said = pipeproof("data", "profile", "orders.csv", "orders.csv", "--json", "p.json")
    assert said.code == 2
    assert "PPF521" in said.err


def test_a_quality_below_what_was_asked_for_is_a_finding(pipeproof):
    assert pipeproof("data", "profile", "orders.csv", "--min-score", "0.9").code == 0
    said = pipeproof("data", "profile", "orders.csv", "--min-score", "0.95")
    assert said.code == 1
    assert "PPF333  the quality of orders is 0.900, 0.95 was asked for" in said.err


@pytest.mark.parametrize("words", [("--sample", "0"), ("--min-score", "2"), ("--sample", "5", "--exact")])
def test_options_that_cannot_be_are_refused(words, pipeproof):
    assert pipeproof("data", "profile", "orders.csv", *words).code == 2


def test_a_file_that_is_not_there_is_told(pipeproof):
    said = pipeproof("data", "profile", "odrers.csv")
    assert said.code == 2
    assert "odrers.csv" in said.err


def test_a_file_that_is_cut_off_is_told_without_a_traceback(shop, pipeproof):
    pl.DataFrame({"a": range(1000)}).write_parquet("whole.parquet")
    (shop / "cut.parquet").write_bytes((shop / "whole.parquet").read_bytes()[:-100])
    said = pipeproof("data", "profile", "cut.parquet")
    assert said.code == 2
    assert "cut.parquet" in said.err
    assert "Traceback" not in said.err

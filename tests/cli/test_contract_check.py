"""`pipeproof contract check` as a person calls it: what it prints, writes and ends with."""

import re
import sqlite3
from xml.etree import ElementTree as ET

import polars as pl
import pytest

CONTRACT = """\
tables:
  orders:
    key: [id]
    columns:
      id: integer
      amount: {type: number, min: 0, limits: {minimum: 1}}
      customer: {type: integer, references: customers.id}
  customers:
    columns:
      id: {type: integer, unique: true}
      email: {type: string, format: email}
"""


@pytest.fixture(autouse=True)
def tables(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text(CONTRACT)
    (tmp_path / "orders.csv").write_text("id,amount,customer\n1,5,7\n2,-1,7\n3,2,8\n")
    (tmp_path / "customers.csv").write_text("id,email\n7,ann@example.org\n7,bob at home\n")
    return tmp_path


def check(pipeproof, *words):
    return pipeproof("contract", "check", *words, "--contract", "c.yaml")


def test_several_tables_find_their_contracts_and_each_other(pipeproof):
    said = check(pipeproof, "orders.csv", "customers.csv")
    assert (said.code, said.err) == (1, "")
    assert [" ".join(line.split()) for line in said.out.splitlines()] == [
        "orders · 3 rows · 12 rules",
        "· amount minimum ≥ 0 1 row (33.3 %, allowed 1)",
        "row 2: -1.0",
        "✗ customer references is in customers.id 1 row (33.3 %)",
        "row 3: 8",
        "✓ 10 rules kept",
        "customers · 2 rows · 8 rules",
        "✗ id unique is unique 1 row (50.0 %)",
        "row 2: 7",
        "✗ email format is an email 1 row (50.0 %)",
        "row 2: …",
        "✓ 6 rules kept",
        "failed: 3 rules broken · pipeproof help PPF303",
    ]


def test_one_table_passes_and_says_what_was_not_asked(pipeproof):
    said = check(pipeproof, "orders.csv")
    assert said.code == 0
    assert "not asked" in said.out
    assert said.out.endswith("passed · 1 rule not asked · 1 rule broken as far as allowed\n")


def test_a_warning_has_a_sign_of_its_own_and_is_no_failure(pipeproof, tmp_path):
    (tmp_path / "c.yaml").write_text(
        CONTRACT.replace("unique: true", "unique: true, limits: {unique: warning}")
    )
    said = check(pipeproof, "customers.csv")
    assert [line.split()[:2] for line in said.out.splitlines()[1:4:2]] == [["!", "id"], ["✗", "email"]]
    assert said.out.endswith("failed: 1 rule broken · 1 warning · pipeproof help PPF303\n")


def test_an_age_is_told_in_days(pipeproof, tmp_path):
    (tmp_path / "old.csv").write_text("day\n1990-01-01\n")
    (tmp_path / "c.yaml").write_text("columns: {day: {type: date, statistics: {age: 3d}}}")
    told = check(pipeproof, "old.csv").out.splitlines()[1]
    assert re.search(r"age is at most 3 d +it is [0-9,]+(\.[0-9])? d$", told)


def test_kept_rules_are_listed_when_they_are_asked_for(pipeproof):
    assert "(id) is unique" in check(pipeproof, "orders.csv", "--all").out


def test_programs_get_a_document(pipeproof):
    said = check(pipeproof, "orders.csv", "customers.csv", "--format", "json")
    document = said.json
    assert (said.code, document["schema"], document["passed"]) == (1, "pipeproof.contract-check/1", False)
    assert [table["table"] for table in document["tables"]] == ["orders", "customers"]
    assert {finding["rule"] for finding in document["findings"]} == {
        "minimum",
        "references",
        "unique",
        "format",
    }


def test_junit_fails_exactly_where_rules_are_broken(pipeproof, tmp_path):
    check(pipeproof, "orders.csv", "customers.csv", "--junit", "j.xml")
    root = ET.parse(tmp_path / "j.xml").getroot()
    failed = [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None]
    assert failed == ["customer references", "id unique", "email format"]
    assert [(suite.get("tests"), suite.get("failures")) for suite in root] == [("12", "1"), ("8", "2")]


def test_rejected_rows_go_to_a_file(pipeproof, tmp_path):
    check(pipeproof, "customers.csv", "--rejected", "bad.parquet")
    assert pl.read_parquet(tmp_path / "bad.parquet")["email"].to_list() == ["bob at home"]


def test_the_first_breach_stops_the_reading(pipeproof):
    said = check(pipeproof, "customers.csv", "--fail-fast")
    assert said.out.startswith("customers · stopped after 2 rows")
    assert "not broken so far" in said.out


def test_little_memory_finds_the_same(pipeproof):
    usual, little = (check(pipeproof, "customers.csv", *words).out for words in ([], ["--low-memory"]))
    assert usual == little


def test_a_broken_file_is_told_with_its_place(pipeproof, tmp_path):
    (tmp_path / "orders.csv").write_text("id,amount,customer\n1,5,7\n2,-1\n")
    said = check(pipeproof, "orders.csv")
    assert said.code == 1
    assert said.out.startswith(
        "orders.csv:3:5  PPF320  it cannot be read as csv: line 3 has 2 fields, the header has 3"
    )


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["orders.csv", "--dataset", "order"], 2, "did you mean 'orders'?"),
        (["other.csv"], 2, "there is no contract of a table 'other' in the file"),
        (["orders.csv", "--low-memory", "--rejected", "x.csv"], 2, "--low-memory must not"),
        (["orders.csv", "--fail-fast", "--rejected", "x.csv"], 2, "--fail-fast stops at the first"),
        (["orders.csv", "customers.csv", "--rejected", "x.csv"], 2, "takes the rows of one table"),
        (["customers.csv", "--rejected", "x.txt"], 1, "has no ending of a table format"),
        (["orders.csv", "--junit", "no/such/folder.xml"], 2, "cannot be written"),
        (["nope.csv", "--dataset", "orders"], 1, "there is no file nope.csv"),
        ([], 2, "TABLE is missing"),
    ],
)
def test_wrong_usage_is_told(words, code, says, pipeproof):
    said = check(pipeproof, *words)
    assert said.code == code
    assert says in said.out + said.err


@pytest.mark.parametrize(
    "words",
    [
        "contract check T",
        "data convert T x.parquet",
        "data profile T",
        "data scan-privacy T",
        "data anonymise T --out x",
    ],
)
def test_every_command_refuses_a_table_that_the_file_has_no_contract_of(words, tables, pipeproof):
    (tables / "customers.csv").rename(tables / "customers_2024.csv")
    given = words.replace("T", "customers_2024.csv").split()
    said = pipeproof(*given, "--contract", "c.yaml")
    assert said.code == 2
    assert "c.yaml  PPF315  there is no contract of a table 'customers_2024'" in said.err
    assert "choose one with --dataset: did you mean 'customers'?" in said.err


def test_the_contract_of_a_table_in_a_database_is_found_by_its_name(tables, pipeproof):
    with sqlite3.connect("shop.db") as base:
        base.execute("CREATE TABLE customers (id INTEGER, email TEXT)")
    base.close()
    (tables / "c.yaml").write_text(CONTRACT.replace("format: email", "privacy: none"))
    said = pipeproof("data", "scan-privacy", "sqlite:///shop.db#customers", "--contract", "c.yaml")
    assert (said.code, said.err) == (0, "")


def test_a_contract_that_is_chosen_stands_in_a_file(pipeproof):
    said = pipeproof("data", "profile", "customers.csv", "--dataset", "customers")
    assert (said.code, "--contract FILE" in said.err) == (2, True)

"""The commands about personal data, as a person calls them."""

from __future__ import annotations

import sqlite3

import pytest

PEOPLE = "id,email,amount\n1,zoe@firm.de,5\n2,ada@firm.de,7\n"


@pytest.fixture
def people(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text(PEOPLE)
    (tmp_path / "codes.csv").write_text("code,amount\nA,5\nB,7\n")
    return tmp_path


@pytest.mark.usefixtures("people")
def test_a_scan_shows_what_was_found_masked(pipeproof):
    said = pipeproof("data", "scan-privacy", "people.csv")
    assert said.code == 1
    assert "personal data in 1 of 3 columns · all 2 rows looked at" in said.out
    assert "z…@…" in said.out
    assert "zoe" not in said.out


@pytest.mark.usefixtures("people")
def test_a_scan_that_finds_nothing_passes(pipeproof):
    said = pipeproof("data", "scan-privacy", "codes.csv")
    assert (said.code, said.out) == (
        0,
        "codes · no personal data found in 2 columns · all 2 rows looked at\n",
    )


@pytest.mark.usefixtures("people")
def test_a_scan_as_json(pipeproof):
    document = pipeproof("data", "scan-privacy", "people.csv", "codes.csv", "--format", "json").json
    assert (document["schema"], document["personal"]) == ("pipeproof.privacy/1", True)
    assert [len(table["flags"]) for table in document["tables"]] == [1, 0]


def test_a_contract_switches_a_column_off(people, pipeproof):
    (people / "c.yaml").write_text("columns: {email: {type: string, privacy: none}}\n")
    assert pipeproof("data", "scan-privacy", "people.csv", "--contract", "c.yaml").code == 0


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("least", ["2", "much"])
def test_a_confidence_is_a_share(pipeproof, least):
    said = pipeproof("data", "scan-privacy", "people.csv", "--least", least)
    assert (said.code, "takes a number from 0 to 1" in said.err) == (2, True)


def test_tables_are_anonymised_with_a_new_key(people, pipeproof):
    said = pipeproof("data", "anonymise", "people.csv", "--out", "safe", "--new-key", "key")
    made = (people / "safe" / "people.csv").read_text()
    assert said.code == 0
    assert "email  fake   email        2 different values" in said.out
    assert "firm.de" not in made
    assert made.splitlines()[0] == PEOPLE.splitlines()[0]


def test_a_table_of_a_database_is_anonymised_into_a_file_of_its_name(people, pipeproof):
    with sqlite3.connect("shop.db") as base:
        base.execute("CREATE TABLE codes (code TEXT)")
    base.close()
    said = pipeproof("data", "anonymise", "sqlite:///shop.db#codes", "--out", "safe")
    assert (said.code, [file.name for file in (people / "safe").iterdir()]) == (0, ["codes.parquet"])


def test_what_is_written_is_its_owners_alone(people, pipeproof):
    pipeproof("data", "anonymise", "people.csv", "--out", "safe", "--columns", "email=mask")
    assert (people / "safe").stat().st_mode & 0o777 == 0o700
    assert [file.stat().st_mode & 0o777 for file in (people / "safe").iterdir()] == [0o600]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    "words",
    [
        ("data", "anonymise", "people.csv", "--out", "safe", "--columns", "email=mask"),
        ("data", "discover", ".", "--manifest", "m.yaml"),
        ("contract", "infer", "people.csv", "--out", "c.yaml"),
    ],
)
def test_what_is_there_is_replaced_with_force_alone(pipeproof, words):
    assert pipeproof(*words).code == 0
    again = pipeproof(*words)
    assert (again.code, "is there already" in again.err, "--force" in again.err) == (2, True, True)
    assert pipeproof(*words, "--force").code == 0


@pytest.mark.usefixtures("people")
def test_what_was_done_as_json(pipeproof):
    words = (
        "data",
        "anonymise",
        "people.csv",
        "--out",
        "safe",
        "--columns",
        "email=drop",
        "--format",
        "json",
    )
    document = pipeproof(*words).json
    assert document == {
        "schema": "pipeproof.anonymised/1",
        "tables": [
            {
                "table": "people",
                "columns": [{"column": "email", "kind": "email", "method": "drop", "values": None}],
                "file": "safe/people.csv",
            }
        ],
    }


def test_without_a_key_nothing_is_faked(people, pipeproof):
    said = pipeproof("data", "anonymise", "people.csv", "--out", "safe")
    assert (said.code, "PPF341" in said.err, (people / "safe").exists()) == (2, True, False)


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "TABLE is missing"),
        (("people.csv",), "--out FOLDER is missing"),
        (("people.csv", "--out", "."), "would be written over"),
        (("people.csv", "safe/people.csv", "--out", "o"), "two tables are called people.csv"),
        (("people.csv", "--out", "o", "--columns", "email"), "--columns email names no method"),
        (("nobody.csv", "--out", "o"), "there is no file nobody.csv"),
        (("people.csv", "--out", "o", "--key-file", "none"), "the key file none cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said(pipeproof, words, said):
    answer = pipeproof("data", "anonymise", *words)
    assert (answer.code, said in answer.err) == (2, True)


def test_a_person_is_forgotten_in_a_folder_with_proof(people, pipeproof):
    said = pipeproof("data", "forget", "--key", "email=zoe@firm.de", "--in", "people.csv")
    assert said.code == 0
    assert "  file    people.csv  1 row  rows removed\na second look found nothing · proof" in said.out
    assert (people / "people.csv").read_text() == PEOPLE.replace("1,zoe@firm.de,5\n", "")


def test_a_dry_run_says_what_would_be_removed(people, pipeproof):
    said = pipeproof("data", "forget", "--key", "email=zoe@firm.de", "--in", "people.csv", "--dry-run")
    assert "people.csv  1 row  would be removed\nnothing was changed" in said.out
    assert not (people / ".pipeproof").exists()


def test_what_is_left_is_exit_code_one(people, pipeproof):
    (people / "x.bin").write_bytes(b"\xff zoe@firm.de \xff")
    said = pipeproof("data", "forget", "--key", "id=1", "--in", ".", "--format", "json")
    assert (said.code, said.json["complete"]) == (1, False)

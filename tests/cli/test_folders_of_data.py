"""data discover, validate and convert as a person calls them."""

from __future__ import annotations

import json

import polars as pl
import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "orders.csv").write_text("id,town\n1,ulm\n2,bonn\n")
    return tmp_path / "data"


def words(text):
    return [" ".join(line.split()) for line in text.splitlines()]


def test_a_folder_is_shown_as_a_table(folder, pipeproof):
    pl.DataFrame({"n": [1]}).write_parquet(folder / "part-0.parquet")
    pl.DataFrame({"n": [2]}).write_parquet(folder / "part-1.parquet")
    (folder / ".hidden").touch()
    (folder / "model.ubj").write_bytes(b"L")
    said = pipeproof("data", "discover", "data")
    assert (said.code, said.err) == (0, "")
    assert words(said.out)[1:] == [
        "orders csv 1 file 2 rows 2 columns 21 B",
        "part parquet 2 files 2 rows 1 column 1 kB",
        "other files: model.ubj (model, 1 B)",
        "left out: .hidden (hidden)",
    ]


def test_an_encoding_that_is_guessed_is_called_a_guess(folder, pipeproof):
    (folder / "orders.csv").write_bytes(b"name\ncaf\xe9\n")
    assert "windows-1252 is a guess" in pipeproof("data", "discover", "data").out


def test_a_file_that_cannot_be_read_is_a_warning(folder, pipeproof):
    (folder / "cut.parquet").write_bytes(b"PAR1")
    said = pipeproof("data", "discover", "data")
    assert (said.code, said.err.split()[:4]) == (0, ["data/cut.parquet", "PPF397", "warning:", "cannot"])


def test_a_folder_as_json_is_its_manifest(folder, pipeproof):
    document = pipeproof("data", "discover", folder, "--format", "json").json
    assert document["schema"] == "pipeproof.manifest/1"
    assert document["datasets"]["orders"]["columns"] == {"id": "integer", "town": "string"}


@pytest.mark.usefixtures("folder")
def test_a_folder_that_is_as_it_was_passes(pipeproof):
    assert pipeproof("data", "discover", "data", "--manifest", "m.yaml").out.endswith("m.yaml\n")
    said = pipeproof("data", "validate", "m.yaml")
    assert (said.code, said.out) == (0, "data · 1 dataset · 1 file · as the manifest says\n")


def test_a_folder_that_has_changed_does_not(folder, pipeproof):
    pipeproof("data", "discover", "data", "--manifest", "m.yaml")
    (folder / "orders.csv").unlink()
    said = pipeproof("data", "validate", "m.yaml")
    assert (said.code, said.err.splitlines()[0]) == (
        1,
        "m.yaml:11:7  PPF393  orders.csv is missing; fetch it again",
    )


def test_differences_as_json(folder, pipeproof):
    pipeproof("data", "discover", "data", "--manifest", "m.yaml")
    (folder / "orders.csv").unlink()
    said = pipeproof("data", "validate", "m.yaml", "--format", "json")
    assert (said.code, said.json["schema"], said.json["passed"]) == (1, "pipeproof.validation/1", False)
    assert said.json["findings"][0]["where"] == "m.yaml:11:7"


@pytest.mark.usefixtures("folder")
def test_a_manifest_with_a_mistake_is_wrong_usage(tmp_path, pipeproof):
    (tmp_path / "m.yaml").write_text("schema: pipeproof.manifest/1\nfoldr: data\n")
    said = pipeproof("data", "validate", "m.yaml")
    assert (said.code, said.err.splitlines()[0].split("; ")[-1]) == (2, "did you mean 'folder'?")


@pytest.mark.usefixtures("folder")
def test_a_table_is_converted_and_what_was_lost_is_said(pipeproof, tmp_path):
    pl.DataFrame({"code": ["1"]}).write_parquet(tmp_path / "a.parquet")
    said = pipeproof("data", "convert", "a.parquet", "a.csv")
    assert (said.code, words(said.out)) == (
        0,
        [
            "a.csv · csv · 1 row · 1 column · 7 B",
            "csv cannot hold all of it: read again without a contract,",
            "code: string → integer",
        ],
    )


@pytest.mark.usefixtures("folder")
def test_a_contract_says_the_types_of_a_text(pipeproof, tmp_path):
    (tmp_path / "c.yaml").write_text("columns: {id: string, town: string}\n")
    said = pipeproof("data", "convert", "data/orders.csv", "a.parquet", "--contract", "c.yaml")
    assert (said.code, pl.read_parquet(tmp_path / "a.parquet").schema["id"]) == (0, pl.String)


@pytest.mark.usefixtures("folder")
def test_a_conversion_as_json(pipeproof):
    document = pipeproof("data", "convert", "data/orders.csv", "out", "--by", "town", "--format", "json").json
    assert (document["schema"], document["files"], document["rows"]) == ("pipeproof.converted/1", 2, 2)


def test_a_column_without_a_name_is_refused(folder, pipeproof):
    said = pipeproof("data", "convert", folder / "orders.csv", folder / "out", "--by", "town,,id")
    assert (said.code, "takes names with commas between" in said.err) == (2, True)


def test_a_table_in_the_way_is_not_replaced(folder, pipeproof):
    said = pipeproof("data", "convert", folder / "orders.csv", folder / "orders.csv", "--force")
    assert said.code == 2
    assert (folder / "orders.csv").read_text().startswith("id,town")


def test_a_column_too_much_for_a_format_is_told_in_json_too(folder, pipeproof):
    pl.DataFrame({"a": [[1]]}).write_parquet(folder / "a.parquet")
    said = pipeproof("data", "convert", folder / "a.parquet", folder / "a.csv", "--format", "json")
    assert (said.code, json.loads(said.out)["findings"][0]["code"]) == (2, "PPF399")

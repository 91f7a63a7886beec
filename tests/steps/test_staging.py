"""Datasets are laid out as the files that code wants, and what it wrote is taken back."""

import json

import polars as pl
import pytest

from pipeproof.data.artifacts import table_artifact, value_artifact
from pipeproof.errors import ContractError
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Column, Port, TableSchema
from pipeproof.steps.staging import lay_out, slot, take
from pipeproof.store.objects import LocalObjects

NUMBERS = TableSchema((Column("x", "integer", nullable=True),))


@pytest.fixture
def objects(tmp_path):
    return LocalObjects(tmp_path / "objects")


@pytest.fixture
def table(objects):
    return table_artifact(pl.LazyFrame({"x": [1, None]}), objects, objects.root.parent)


@pytest.mark.parametrize(
    ("port", "path", "folder"),
    [
        (Port("raw", "csv"), "raw.csv", False),
        (Port("raw"), "raw", False),
        (Port("raw", "folder"), "raw", True),
        (Port("raw", "csv", path="/opt/ml/processing/input/"), "raw/opt/ml/processing/input", True),
        (Port("raw", "csv", path="in/data.csv"), "raw/in/data.csv", False),
    ],
)
def test_a_port_says_where_code_sees_it(port, path, folder, tmp_path):
    place = slot(port, tmp_path)
    assert (place.path, place.folder) == (tmp_path / path, folder)


@pytest.mark.parametrize(
    ("port", "file", "content"),
    [
        (Port("raw", "csv"), "raw.csv", "x\n1\n\n"),
        (Port("raw", "tsv", path="in/"), "raw/in/raw.tsv", "x\n1\n\n"),
        (Port("raw", "jsonl"), "raw.jsonl", '{"x":1}\n{"x":null}\n'),
        (Port("raw", path="data.csv"), "raw/data.csv", "x\n1\n\n"),
    ],
)
def test_a_table_is_laid_out_in_the_format_of_its_port(port, file, content, tmp_path, objects, table):
    lay_out(table, slot(port, tmp_path), objects)
    assert (tmp_path / file).read_text() == content


def test_a_table_without_a_format_is_laid_out_as_parquet(tmp_path, objects, table):
    lay_out(table, slot(Port("raw"), tmp_path), objects)
    assert pl.read_parquet(tmp_path / "raw")["x"].to_list() == [1, None]


def test_a_column_that_a_format_cannot_hold_is_named(tmp_path, objects):
    nested = table_artifact(pl.LazyFrame({"x": [1], "tags": [["a"]]}), objects, objects.root.parent)
    with pytest.raises(ContractError) as caught:
        lay_out(nested, slot(Port("raw", "csv"), tmp_path), objects)
    [finding] = caught.value.findings
    assert (finding.code, finding.evidence) == ("PPF208", "tags (list)")


@pytest.mark.parametrize("value", [{"x": [1, None]}, "word" * 40_000], ids=["small", "large"])
def test_a_value_is_laid_out_as_json_wherever_it_is_kept(value, tmp_path, objects):
    made = value_artifact(value, objects, tmp_path / "scratch")
    lay_out(made, slot(Port("raw"), tmp_path), objects)
    assert json.loads((tmp_path / "raw").read_text()) == value


def test_a_file_is_not_laid_out_as_a_table(tmp_path, objects):
    (tmp_path / "model.bin").write_bytes(b"model")
    file = Artifact("file", *objects.add(tmp_path / "model.bin"), name="model.bin")
    with pytest.raises(ContractError) as caught:
        lay_out(file, slot(Port("raw", "csv"), tmp_path), objects)
    assert caught.value.findings[0].what == "input 'raw' wants a csv table, the dataset is a file"


def test_a_file_that_is_in_the_format_already_is_laid_out_as_it_is(tmp_path, objects):
    (tmp_path / "in.csv").write_text("x;y\n")
    file = Artifact("file", *objects.add(tmp_path / "in.csv"), name="in.csv")
    lay_out(file, slot(Port("raw", "csv"), tmp_path), objects)
    assert (tmp_path / "raw.csv").read_text() == "x;y\n"


def test_what_was_laid_out_is_taken_back_as_the_same_object(tmp_path, objects, table):
    place = slot(Port("raw", "csv", schema=NUMBERS), tmp_path)
    lay_out(table, place, objects)
    assert take(place, "maker", objects).digest == table.digest


def test_a_port_with_columns_takes_its_format_from_the_file(tmp_path, objects):
    place = slot(Port("out", path="out.csv", schema=NUMBERS), tmp_path)
    place.path.parent.mkdir()
    place.path.write_text("x\n1\n")
    artifact = take(place, "maker", objects)
    assert (artifact.kind, artifact.rows, artifact.columns) == ("table", 1, (("x", "integer"),))


def test_a_port_without_columns_or_format_takes_the_file_as_it_is(tmp_path, objects):
    place = slot(Port("out", path="out.csv"), tmp_path)
    place.path.parent.mkdir()
    place.path.write_text("x\n1\n")
    assert take(place, "maker", objects).kind == "file"


def test_a_folder_written_in_place_of_a_file_is_read_as_parts(tmp_path, objects):
    place = slot(Port("out", "csv"), tmp_path)
    place.path.mkdir()
    (place.path / "1.csv").write_text("x\n1\n")
    (place.path / "2.csv").write_text("x\n2\n")
    assert take(place, "maker", objects).rows == 2


def test_an_output_that_was_not_written_says_what_is_there(tmp_path, objects):
    (tmp_path / "outt.csv").touch()
    with pytest.raises(ContractError) as caught:
        take(slot(Port("out", "csv"), tmp_path), "maker", objects)
    [finding] = caught.value.findings
    assert finding.code == "PPF207"
    assert finding.what == "maker did not write its output 'out' (file out.csv); there is: outt.csv"


def test_an_optional_output_may_be_left_out(tmp_path, objects):
    assert take(slot(Port("out", "csv", required=False), tmp_path), "maker", objects) is None


def test_an_output_that_cannot_be_read_names_the_step(tmp_path, objects):
    place = slot(Port("out", "parquet"), tmp_path)
    place.path.write_bytes(b"junk")
    with pytest.raises(ContractError) as caught:
        take(place, "maker", objects)
    assert caught.value.findings[0].what.startswith("output 'out' of maker cannot be read as parquet: ")

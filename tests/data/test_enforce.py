"""What follows when a dataset does not keep the contract of its edge."""

import polars as pl
import pytest

from pipeproof.data.check import enforce, table_artifact
from pipeproof.errors import ContractError
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Column, TableSchema
from pipeproof.model.plan import Check
from pipeproof.store.objects import LocalObjects

POSITIVE = TableSchema((Column("x", "integer", minimum=0),))


@pytest.fixture
def objects(tmp_path):
    return LocalObjects(tmp_path / "objects")


def held(objects, values, how, schema=POSITIVE):
    artifact = table_artifact(pl.LazyFrame({"x": values}), objects)
    return enforce(artifact, Check("data", "data", schema, how, "output"), "maker", objects)


def column(objects, artifact):
    return pl.read_parquet(objects.path(artifact.digest))["x"].to_list()


def test_fail_raises_with_the_finding_placed_on_its_edge(objects):
    with pytest.raises(ContractError) as caught:
        held(objects, [1, -1], "fail")
    [finding] = caught.value.findings
    assert finding.what == "data, written by maker: column 'x' breaks '≥ 0' in 1 of 2 rows"
    assert (finding.edge, finding.severity) == (("maker", "data"), "error")


def test_warn_keeps_the_dataset_and_says_so(objects):
    kept, [finding] = held(objects, [1, -1], "warn")
    assert (kept, finding.severity) == ({}, "warning")


def test_off_does_not_look(objects):
    assert held(objects, [1, -1], "off") == ({}, [])


@pytest.mark.parametrize("how", ["fail", "warn", "quarantine"])
def test_a_dataset_that_keeps_its_contract_stays_as_it_is(objects, how):
    assert held(objects, [1, 2], how) == ({}, [])


def test_quarantine_keeps_the_good_rows_in_order_and_the_others_beside_them(objects):
    kept, [finding] = held(objects, [3, -1, 2, -2], "quarantine")
    assert {name: column(objects, artifact) for name, artifact in kept.items()} == {
        "data": [3, 2],
        "data.rejected": [-1, -2],
    }
    assert finding.severity == "warning"


def test_quarantine_keeps_the_first_of_rows_that_repeat(objects):
    schema = TableSchema((Column("x", "integer", unique=True),), key=("x",))
    kept, _ = held(objects, [3, 1, 3, 3], "quarantine", schema)
    assert column(objects, kept["data"]) == [3, 1]
    assert column(objects, kept["data.rejected"]) == [3, 3]


def test_quarantine_keeps_rows_whose_comparison_is_unknown(objects):
    schema = TableSchema((Column("x", "integer", nullable=True, minimum=0, categories=(1, -1)),))
    kept, _ = held(objects, [None, 1, -1], "quarantine", schema)
    assert column(objects, kept["data"]) == [None, 1]


@pytest.mark.parametrize(
    "schema",
    [
        TableSchema((Column("x", "string"),)),
        TableSchema((Column("y", "integer"),)),
        TableSchema((Column("x", minimum="a"),)),
    ],
)
def test_quarantine_cannot_mend_a_wrong_shape_or_a_wrong_contract(objects, schema):
    with pytest.raises(ContractError):
        held(objects, [1], "quarantine", schema)


def test_quarantine_fails_when_too_few_rows_are_left(objects):
    with pytest.raises(ContractError) as caught:
        held(objects, [1, -1], "quarantine", TableSchema((Column("x", "integer", minimum=0),), min_rows=2))
    assert [finding.code for finding in caught.value.findings] == ["PPF303", "PPF305"]


def test_equal_good_rows_are_the_same_object_whatever_was_rejected(objects):
    first, _ = held(objects, [1, -1], "quarantine")
    second, _ = held(objects, [-7, 1], "quarantine")
    assert first["data"].digest == second["data"].digest


def test_a_contract_for_a_table_cannot_be_held_against_a_file(objects, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no table")
    artifact = Artifact("file", *objects.add(path))
    with pytest.raises(ContractError) as caught:
        enforce(artifact, Check("data", "data", POSITIVE, "fail", "output"), "maker", objects)
    assert caught.value.findings[0].code == "PPF307"

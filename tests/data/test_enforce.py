"""What follows when a dataset does not keep the contract of its edge."""

import polars as pl
import pytest

from pipeproof.data.artifacts import table_artifact
from pipeproof.data.checking.edges import Held, enforce
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Column, TableSchema
from pipeproof.model.outcome import Checked
from pipeproof.model.plan import Check
from pipeproof.store.objects import LocalObjects

POSITIVE = TableSchema((Column("x", "integer", minimum=0),))


@pytest.fixture
def objects(tmp_path):
    return LocalObjects(tmp_path / "objects")


def held(objects, values, how, schema=POSITIVE):
    scratch = objects.root.parent / "scratch"
    artifact = table_artifact(pl.LazyFrame({"x": values}), objects, scratch)
    return enforce(artifact, Check("data", "data", schema, how, "output"), "maker", objects, scratch)


def severities(held):
    return {finding.severity for finding in held.findings}


def column(objects, artifact):
    return pl.read_parquet(objects.path(artifact.digest))["x"].to_list()


def test_fail_finds_an_error_placed_on_its_edge(objects):
    [finding] = held(objects, [1, -1], "fail").findings
    assert finding.what == "data, written by maker: column 'x' breaks '≥ 0' in 1 of 2 rows"
    assert (finding.edge, finding.severity) == (("maker", "data"), "error")


def test_warn_keeps_the_dataset_and_says_so(objects):
    warned = held(objects, [1, -1], "warn")
    assert (warned.good, warned.rejected, severities(warned)) == (None, None, {"warning"})


def test_off_does_not_look(objects):
    assert held(objects, [1, -1], "off") == Held()


@pytest.mark.parametrize("how", ["fail", "warn", "quarantine"])
def test_a_dataset_that_keeps_its_contract_stays_as_it_is(objects, how):
    kept = held(objects, [1, 2], how)
    assert (kept.good, kept.findings) == (None, ())


def test_quarantine_makes_an_empty_table_when_it_rejects_nothing(objects):
    assert column(objects, held(objects, [1, 2], "quarantine").rejected) == []


def test_what_was_asked_is_counted(objects):
    schema = TableSchema((Column("x", "integer", minimum=0), Column("y", required=False)), min_rows=1)
    # There, of its type, complete, at least 0, and rows at all; nothing can be asked of y.
    assert held(objects, [1, 2], "fail", schema).checked == Checked("data", "output", 5, 2)


def test_a_contract_that_asks_nothing_counts_no_rule(objects):
    empty = TableSchema((Column("y", required=False),))
    assert held(objects, [1], "fail", empty).checked == Checked("data", "output", 0, 1)


def test_rows_are_set_aside_by_way_of_the_scratch_folder_and_nothing_stays_there(objects):
    held(objects, [3, -1], "quarantine")
    assert list((objects.root.parent / "scratch").iterdir()) == []


def test_quarantine_keeps_the_good_rows_in_order_and_the_others_beside_them(objects):
    parted = held(objects, [3, -1, 2, -2], "quarantine")
    assert column(objects, parted.good) == [3, 2]
    assert column(objects, parted.rejected) == [-1, -2]
    assert severities(parted) == {"warning"}


def test_quarantine_keeps_the_first_of_rows_that_repeat(objects):
    schema = TableSchema((Column("x", "integer", unique=True),), key=("x",))
    parted = held(objects, [3, 1, 3, 3], "quarantine", schema)
    assert column(objects, parted.good) == [3, 1]
    assert column(objects, parted.rejected) == [3, 3]


def test_quarantine_keeps_rows_whose_comparison_is_unknown(objects):
    schema = TableSchema((Column("x", "integer", nullable=True, minimum=0, categories=(1, -1)),))
    assert column(objects, held(objects, [None, 1, -1], "quarantine", schema).good) == [None, 1]


@pytest.mark.parametrize(
    "schema",
    [
        TableSchema((Column("x", "string"),)),
        TableSchema((Column("y", "integer"),)),
        TableSchema((Column("x", minimum="a"),)),
    ],
)
def test_quarantine_cannot_mend_a_wrong_shape_or_a_wrong_contract(objects, schema):
    broken = held(objects, [1], "quarantine", schema)
    assert (broken.good, severities(broken)) == (None, {"error"})


def test_quarantine_fails_when_too_few_rows_are_left(objects):
    broken = held(
        objects, [1, -1], "quarantine", TableSchema((Column("x", "integer", minimum=0),), min_rows=2)
    )
    assert [finding.code for finding in broken.findings] == ["PPF303", "PPF305"]
    assert severities(broken) == {"error"}


def test_equal_good_rows_are_the_same_object_whatever_was_rejected(objects):
    first = held(objects, [1, -1], "quarantine")
    second = held(objects, [-7, 1], "quarantine")
    assert first.good.digest == second.good.digest


def test_a_contract_for_a_table_cannot_be_held_against_a_file(objects, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no table")
    artifact = Artifact("file", *objects.add(path))
    broken = enforce(artifact, Check("data", "data", POSITIVE, "fail", "output"), "maker", objects, tmp_path)
    assert [finding.code for finding in broken.findings] == ["PPF307"]
    assert broken.checked == Checked("data", "output", 0)

"""Made data as a step of a run: tables of their contracts, that refer to each other, broken on purpose."""

from __future__ import annotations

import pytest

import pipeproof as pp
from pipeproof.data.cases import malformed_cases
from pipeproof.data.checking.edges import check_table
from pipeproof.model.contract import Column, Reference, TableSchema
from pipeproof.model.trial import Case
from pipeproof.plugins import Kinds
from pipeproof.steps.synthetic import Synthetic, as_step, parents_of

PLANES = TableSchema((Column("tailnum", "string", unique=True), Column("built", "date")))
FLIGHTS = TableSchema(
    (
        Column("tail", "string", references=Reference("planes", "tailnum")),
        Column("delay", "number", nullable=True),
    )
)


def run(folder, *steps):
    return pp.run(pp.Pipeline("made", steps=steps, root=str(folder)))


def test_a_made_table_keeps_its_contract_and_its_record_says_what_it_is(tmp_path):
    done = run(tmp_path, as_step("planes", Synthetic(PLANES, rows=30, name="planes"), {}))
    artifact = done.record.steps["planes"].outputs["planes"]
    assert (artifact.rows, artifact.columns) == (30, (("tailnum", "string"), ("built", "date")))
    assert check_table(done["planes"].outputs["planes"].table().lazy(), PLANES) == []


def test_columns_refer_to_the_table_that_another_step_made(tmp_path):
    planes = as_step("fleet", Synthetic(PLANES, rows=30, name="planes"), {})
    flights = as_step("flights", Synthetic(FLIGHTS, name="flights"), {"planes": "fleet"})
    done = run(tmp_path, planes, flights)
    tails = done["flights"].outputs["flights"].table()["tail"]
    assert set(tails) <= set(done["fleet"].outputs["fleet"].table()["tailnum"])


def test_without_the_other_table_values_are_ordinary(tmp_path):
    done = run(tmp_path, as_step("flights", Synthetic(FLIGHTS, name="flights"), {}))
    assert done["flights"].outputs["flights"].table().height == 200


def test_a_step_may_make_a_dataset_of_another_name_from_the_same_seed(tmp_path):
    config = Synthetic(PLANES, rows=5, name="planes")
    done = run(tmp_path, as_step("one", config, {}, "a"), as_step("two", config, {}, "b"))
    assert done["one"].outputs["a"].table().equals(done["two"].outputs["b"].table())


def test_dates_end_on_the_day_that_is_named(tmp_path):
    config = Synthetic(PLANES, rows=50, name="planes", around="2013-07-03")
    built = run(tmp_path, as_step("p", config, {}))["p"].outputs["p"].table()["built"]
    assert str(built.max()) <= "2013-07-03"
    assert str(built.min()) >= "2013-04-05"


@pytest.mark.parametrize("case", malformed_cases(PLANES), ids=lambda case: f"{case.name} {case.column}")
def test_a_malformed_table_reaches_the_store_as_it_is(case, tmp_path):
    made = (
        run(tmp_path, as_step("p", Synthetic(PLANES, case, rows=9, name="p"), {}))["p"].outputs["p"].table()
    )
    assert [finding.column for finding in check_table(made.lazy(), PLANES)] == [case.column]


def test_an_empty_table_has_its_columns(tmp_path):
    config = Synthetic(PLANES, Case("edge", "empty"), name="p")
    assert run(tmp_path, as_step("p", config, {}))["p"].outputs["p"].table().columns == ["tailnum", "built"]


def test_a_contract_that_nothing_can_keep_fails_with_its_reason(tmp_path):
    schema = TableSchema((Column("flag", "boolean", unique=True),), min_rows=3)
    done = run(tmp_path, as_step("p", Synthetic(schema, name="p"), {}))
    assert done.record.steps["p"].failure.code == "PPF309"


def test_the_kind_is_hidden_and_known():
    kinds = Kinds()
    assert kinds["synthetic"].hidden
    assert "synthetic" not in kinds.known()


def test_it_reads_the_datasets_that_its_columns_refer_to():
    assert parents_of(FLIGHTS) == ("planes",)
    assert Kinds()["synthetic"].wire("f", Synthetic(FLIGHTS), pp.Contract()).inputs == {"planes": "planes"}

"""Comparing as a whole: files, columns, profiles, labels, and what cannot be asked."""

import json
import sqlite3
from contextlib import closing

import duckdb
import numpy as np
import polars as pl
import pytest

import pipeproof.data as ppd
from pipeproof.errors import ContractError, UsageError

ORDERS = pl.DataFrame(
    {
        "id": range(1, 401),
        "price": [float(n % 50) for n in range(400)],
        "country": [("DE", "FR", "IT")[n % 3] for n in range(400)],
        "day": pl.date_range(pl.date(2024, 1, 1), pl.date(2025, 2, 3), "1d", eager=True)[:400],
    }
)


def test_a_table_does_not_differ_from_itself():
    found = ppd.compare(ORDERS, ORDERS, "id")
    assert (found.differs, found.findings, found.rows.same) == ((), (), 400)


def test_tables_of_a_database_have_their_own_names(tmp_path):
    with closing(sqlite3.connect(tmp_path / "shop.db")) as base:
        base.executescript("create table orders (id integer); insert into orders values (1);")
    found = ppd.compare(f"sqlite:///{tmp_path}/shop.db#orders", f"sqlite:///{tmp_path}/shop.db#orders")
    assert found.before.startswith("orders")


@pytest.mark.parametrize("name", ["orders.csv", "orders.tsv", "orders.jsonl", "orders.arrow"])
def test_the_same_table_in_another_format_does_not_differ(name, tmp_path):
    path = tmp_path / name
    write = {
        ".csv": ORDERS.write_csv,
        ".tsv": lambda file: ORDERS.write_csv(file, separator="\t"),
        ".jsonl": ORDERS.write_ndjson,
        ".arrow": ORDERS.write_ipc,
    }
    write[path.suffix](path)
    found = ppd.compare(ORDERS, path, "id")
    assert found.differs == ()


def test_a_table_of_pandas_is_taken():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({name: ORDERS[name].to_list() for name in ("id", "price", "country")})
    assert ppd.compare(ORDERS.drop("day"), frame, "id").differs == ()


def test_a_relation_of_duckdb_is_taken(tmp_path):
    ORDERS.write_parquet(tmp_path / "orders.parquet")
    relation = duckdb.connect().sql(f"SELECT * FROM '{tmp_path}/orders.parquet'")
    assert ppd.compare(ORDERS, relation, "id").differs == ()


def test_columns_that_are_gone_new_retyped_and_probably_renamed_are_told():
    after = ORDERS.rename({"price": "price_eur"}).with_columns(pl.col("id").cast(pl.String))
    found = ppd.compare(ORDERS, after).columns
    assert (found.removed, found.added) == (("price",), ("price_eur",))
    assert [(one.column, one.before, one.after) for one in found.retyped] == [("id", "integer", "string")]
    assert [(one.before, one.after) for one in found.renamed] == [("price", "price_eur")]


def test_a_column_of_other_values_is_no_guess_for_a_new_name():
    after = ORDERS.drop("price").with_columns(price_2=pl.lit(1e6))
    assert ppd.compare(ORDERS, after).columns.renamed == ()


def test_order_and_width_of_types_are_told_and_no_difference():
    after = ORDERS.select("country", "id", "price", "day").with_columns(pl.col("id").cast(pl.Int32))
    found = ppd.compare(ORDERS, after, "id")
    assert found.columns.reordered
    assert [(one.column, one.after) for one in found.columns.stored] == [("id", "Int32")]
    assert found.differs == ()


def test_a_value_of_another_type_in_a_file_is_a_difference_and_no_error(tmp_path):
    (tmp_path / "a.csv").write_text("id,x\n1,2\n2,3\n")
    (tmp_path / "b.csv").write_text("id,x\n1,2\n2,none\n")
    found = ppd.compare(tmp_path / "a.csv", tmp_path / "b.csv", "id")
    assert found.columns.retyped[0].after == "string"
    assert found.rows.changed == 1


def test_only_some_columns_are_compared():
    after = ORDERS.with_columns(price=pl.col("price") + 1)
    assert ppd.compare(ORDERS, after, "id", only=["country"]).differs == ()


def test_parts_that_are_not_asked_for_are_none():
    found = ppd.compare(ORDERS, ORDERS, parts=("schema",))
    assert (found.rows, found.drift) == (None, None)


def test_the_document_is_json():
    after = ORDERS.head(300).with_columns(price=pl.col("price") * 3, day=None)
    document = ppd.compare(ORDERS, after, "id").to_dict()
    told = json.loads(json.dumps(document, allow_nan=False))
    assert (told["schema"], told["differs"]) == ("pipeproof.comparison/1", ["rows", "drift"])
    assert [one["column"] for one in told["drift"] if one["alarms"]] == ["price", "day"]


def test_each_difference_is_a_finding():
    after = ORDERS.drop("country").with_columns(price=pl.col("price") * 3)
    codes = [finding.code for finding in ppd.compare(ORDERS, after, "id").findings]
    assert codes == ["PPF335", "PPF336", "PPF337"]


def test_a_profile_stands_for_the_table_it_was_made_from():
    found = ppd.compare(ppd.profile(ORDERS), ORDERS)
    assert (found.approximate, found.differs, found.rows) == (True, (), None)
    assert [column.many for column in found.drift] == [(0, 0)] * 4


def test_quantiles_are_those_of_the_profile():
    given = pl.DataFrame({"a": [1.0, 2.0, 4.0, 10.0]})
    (a,) = ppd.compare(ppd.profile(given), given).drift
    assert a.before.quantiles["0.5"] == a.after.quantiles["0.5"] == 3


def test_drift_since_a_stored_profile_is_found(tmp_path):
    file = tmp_path / "orders.json"
    file.write_text(json.dumps(ppd.profile(ORDERS).to_dict()))
    after = ORDERS.with_columns(price=pl.col("price") + 20, country=pl.lit("US"))
    assert [column.column for column in ppd.compare(file, after).drifted] == ["price", "country"]


def test_columns_since_a_stored_profile_are_told():
    after = ORDERS.drop("day").with_columns(new=1, id=pl.col("id").cast(pl.String))
    found = ppd.compare(ppd.profile(ORDERS), after).columns
    assert (found.removed, found.added, found.retyped[0].column) == (("day",), ("new",), "id")


def labelled() -> pl.DataFrame:
    random = np.random.default_rng(0)
    label = random.random(600) < 0.3
    return pl.DataFrame(
        {
            "churned": label,
            "honest": random.normal(size=600) + label,
            "cancelled_at": pl.Series(np.where(label, 1.0, np.nan)).fill_nan(None),
            "status": np.where(label, "closed", "open"),
            "account": [f"{'C' if gone else 'A'}-{number}" for number, gone in enumerate(label)],
            "score": label * 2 + random.normal(size=600) * 0.1,
            "noise": [str(number) for number in range(600)],
        }
    )


def test_columns_that_tell_the_label_are_pointed_out():
    found = ppd.compare(labelled(), labelled().drop("churned"), "account", label="churned")
    assert [leak.column for leak in found.leaks] == ["cancelled_at", "status", "account", "score"]


def test_since_a_profile_the_table_is_searched_for_what_tells_the_label():
    found = ppd.compare(ppd.profile(labelled()), labelled(), label="churned")
    assert {(leak.table, leak.column) for leak in found.leaks} >= {("second", "status"), ("second", "score")}


def test_what_may_leak_the_label_is_no_difference():
    assert ppd.compare(labelled(), labelled(), "account", label="churned").differs == ()


def test_rows_that_are_sorted_by_the_label_are_pointed_out():
    table = labelled().select("churned", "honest").sort("churned")
    assert {leak.column for leak in ppd.compare(table, table, label="churned").leaks} == {"row number"}


def test_a_quantity_that_is_a_copy_of_the_label_is_pointed_out():
    table = ORDERS.select("price", copy=pl.col("price") * 2 + 1, other=pl.col("id") % 7)
    leaks = ppd.compare(table, table, label="price").leaks
    assert {(leak.column, leak.measure) for leak in leaks} == {("copy", "rank correlation")}


def test_all_names_that_are_wrong_are_told_at_once():
    with pytest.raises(UsageError) as raised:
        ppd.compare(ORDERS, ORDERS, "idd", only=["prize"], label="x")
    assert [finding.code for finding in raised.value.findings] == ["PPF339"] * 3
    assert "did you mean 'id'?" in raised.value.findings[0].fix


@pytest.mark.parametrize(
    "named", [{"alpha": 0.0}, {"alpha": 1.5}, {"tolerance": -1.0}, {"tolerance": float("nan")}]
)
def test_numbers_out_of_range_are_refused(named):
    with pytest.raises(UsageError, match="PPF339"):
        ppd.compare(ORDERS, ORDERS, **named)


def test_a_file_that_is_cut_in_the_middle_is_told(tmp_path):
    path = tmp_path / "cut.parquet"
    ORDERS.write_parquet(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ContractError, match="PPF"):
        ppd.compare(ORDERS, path)


def test_tables_without_a_common_column_are_compared_by_their_columns():
    found = ppd.compare({"a": [1]}, {"b": [1]})
    assert (found.differs, found.rows) == (("schema",), None)
    assert "no column in common" in found.notes[0]

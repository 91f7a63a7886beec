"""`pipeproof data generate`: tables in files, what is printed, and what is refused."""

from __future__ import annotations

import json

import polars as pl
import pytest

from pipeproof.data import profile

CONTRACT = """
tables:
  customers:
    key: [id]
    columns:
      id: {type: integer, min: 1}
      email: {type: string, format: email}
  orders:
    columns:
      customer: {type: integer, references: customers.id}
      pieces: {type: integer, range: [1, 9]}
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(CONTRACT)
    return tmp_path


def test_tables_and_a_manifest_are_written(shop, pipeproof):
    said = pipeproof("data", "generate", "shop.yaml", "--out", "made", "--rows", "1_500", "--seed", "7")
    assert said.code == 0
    assert "2 columns   customers.parquet" in said.out
    assert "seed 7 · made/manifest.json" in said.out
    ids = pl.read_parquet("made/customers.parquet")["id"]
    assert pl.read_parquet("made/orders.parquet")["customer"].is_in(ids.implode()).all()
    assert sorted(path.name for path in (shop / "made").iterdir()) == [
        "customers.parquet",
        "manifest.json",
        "orders.parquet",
    ]


def test_json_is_the_manifest(shop, pipeproof):
    said = pipeproof("data", "generate", "shop.yaml", "--out", "made", "--format", "json")
    assert said.json == json.loads((shop / "made" / "manifest.json").read_text())
    assert said.json["schema"] == "pipeproof.made/1"


def test_one_table_of_several_with_labels_as_csv(shop, pipeproof):
    words = ("--dataset", "orders", "--scenario", "malformed", "--label", "--as", "csv")
    said = pipeproof("data", "generate", "shop.yaml", "--out", "bad", *words)
    assert said.code == 0
    assert "5 rows break a rule each: customer.nullable, pieces.nullable" in said.out
    table = pl.read_csv(shop / "bad" / "orders.csv")
    assert set(table["pipeproof_label"].drop_nulls()) == {
        "customer.nullable",
        "customer.references",
        "pieces.nullable",
        "pieces.minimum",
        "pieces.maximum",
    }


def test_a_table_that_is_not_given_is_a_note(shop, pipeproof):
    (shop / "orders.yaml").write_text("columns: {customer: {type: integer, references: customers.id}}")
    said = pipeproof("data", "generate", "orders.yaml", "--out", "made")
    assert said.code == 0
    assert "PPF355" in said.out + said.err


def test_what_a_contract_asks_of_the_whole_and_cannot_be_steered_is_told(shop, pipeproof):
    query = "queries: {few: {sql: SELECT count(*) FROM this_table, max: 5}}"
    (shop / "few.yaml").write_text(f"columns: {{id: integer}}\n{query}\n")
    said = pipeproof("data", "generate", "few.yaml", "--out", "made")
    assert said.code == 1
    assert "few" in said.err


def write_profile(path, columns):
    pl.DataFrame(columns).write_csv(path)
    path.with_suffix(".json").write_text(json.dumps(profile(path).to_dict()))


@pytest.fixture
def profiles(shop):
    amounts = {"customers": {"id": range(1, 5001)}, "orders": {"pieces": [4] * 50}}
    for name, columns in amounts.items():
        write_profile(shop / f"{name}.csv", columns)
    return [word for name in amounts for word in ("--profile", f"{name}.json")]


def test_each_table_is_like_the_profile_of_its_name(profiles, pipeproof):
    said = pipeproof("data", "generate", "shop.yaml", "--out", "made", *profiles)
    assert said.code == 0, said.err
    assert pl.read_parquet("made/customers.parquet")["id"].max() > 4000
    assert set(pl.read_parquet("made/orders.parquet")["pieces"]) == {4}


def test_profiles_of_no_table_or_of_one_twice_are_located(shop, profiles, pipeproof):
    write_profile(shop / "order.csv", {"id": [1]})
    more = ("--profile", "order.json", "--profile", "orders.json")
    said = pipeproof("data", "generate", "shop.yaml", "--out", "made", *profiles, *more)
    assert said.code == 2
    assert "order.json" in said.err
    assert "did you mean 'orders'?" in said.err
    assert "another profile is of 'orders' too" in said.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--scenario", "edgee"), "PPF350"),
        (("--rows", "many"), "PPF522"),
        (("--size", "huge"), "PPF522"),
        (("--around", "yesterday"), "PPF522"),
        (("--dataset", "order"), "did you mean 'orders'"),
        (("--scenarios", "none.yaml"), "none.yaml"),
        (("--profile", "none.json"), "none.json"),
    ],
)
def test_what_cannot_be_made_is_told(shop, pipeproof, words, told):
    said = pipeproof("data", "generate", "shop.yaml", "--out", "made", *words)
    assert said.code == 2
    assert told in said.err
    assert not (shop / "made").exists()


@pytest.mark.usefixtures("shop")
def test_tables_that_are_there_are_replaced_with_force_alone(pipeproof):
    words = ("data", "generate", "shop.yaml", "--out", "made")
    pipeproof(*words, "--seed", "7")
    again = pipeproof(*words)
    assert (again.code, "manifest.json is there already" in again.err) == (2, True)
    assert pipeproof(*words, "--force").code == 0

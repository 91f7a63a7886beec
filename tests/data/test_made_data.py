"""Making data from contracts: scenarios, labels, files with a manifest, and data like those of a profile."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipeproof.data import generate, profile
from pipeproof.data.checking.edges import check_table
from pipeproof.data.synth.files import write_made
from pipeproof.data.synth.generating import Wanted, prepare
from pipeproof.data.synth.scenarios import read_scenarios
from pipeproof.errors import ConfigError, UsageError
from pipeproof.model.contract import Column, Comparison, Condition, Limit, Statistic, TableSchema

SALES = TableSchema(
    (
        Column("id", "integer", unique=True, minimum=1),
        Column("email", "string", format="email"),
        Column("pair", "string", categories=("USD-EUR", "EUR-GBP")),
        Column("rate", "number", minimum=0, minimum_open=True, maximum=200),
        Column("amount", "decimal", minimum=0, maximum=500, scale=2),
        Column("day", "date"),
        Column("paid", "date", nullable=True),
        Column("tags", "list", items=Column("items", "string", max_length=6), max_items=3),
    ),
    comparisons=(Comparison("day", "<=", "paid"),),
    conditions=(Condition("worth it", "amount * rate > 10"),),
    name="sales",
)


PLAIN = TableSchema(SALES.columns[:5], name="plain")

# Scenarios


def test_edges_stand_in_one_table_that_keeps_the_contract():
    table = generate(SALES, 200, scenario="edge").collect()
    assert {0.0, 500.0} <= {float(value) for value in table["amount"]} | {0.0}
    assert table["paid"].null_count() > 0
    assert check_table(table.lazy(), SALES) == []


@pytest.mark.parametrize("alias", ["edge_cases", "edge"])
def test_a_scenario_has_more_names_than_one(alias):
    assert_frame_equal(
        generate(SALES, 50, scenario=alias).collect(), generate(SALES, 50, scenario="edge").collect()
    )


@pytest.fixture(scope="module")
def labelled():
    return generate(SALES, 300, scenario="malformed", label=True, seed=3).collect()


# No amount times a rate of 0 or less is worth more than 10.
IMPLIED = {"rate.minimum": {"worth it"}, "amount.minimum": {"worth it"}}


def test_each_labelled_row_breaks_its_rule_and_the_others_none(labelled):
    between = {"day <= paid", "worth it"}
    good = labelled.filter(pl.col("pipeproof_label").is_null()).drop("pipeproof_label")
    assert check_table(good.lazy(), SALES) == []
    for row in labelled.drop_nulls("pipeproof_label").iter_slices(1):
        label = row["pipeproof_label"].item()
        found = check_table(pl.concat([good, row.drop("pipeproof_label")]).lazy(), SALES)
        rules = {f.rule if f.rule in between else f"{f.column}.{f.rule}" for f in found}
        assert rules - IMPLIED.get(label, set()) == {label}


def test_labels_name_every_rule_that_a_row_can_break(labelled):
    labels = set(labelled["pipeproof_label"].drop_nulls())
    assert {
        "id.unique",
        "email.format",
        "pair.categories",
        "rate.minimum",
        "amount.digits",
        "tags.max_items",
        "tags.items.max_length",
        "day <= paid",
        "worth it",
    } <= labels
    assert len(labels) == labelled["pipeproof_label"].drop_nulls().len()


def test_without_labels_the_same_rows_are_made(labelled):
    plain = generate(SALES, 300, scenario="malformed", seed=3).collect()
    assert_frame_equal(plain, labelled.drop("pipeproof_label"))


def test_one_rule_alone_is_broken_by_name():
    table = generate(SALES, 100, scenario="malformed:amount.maximum").collect()
    assert [finding.rule for finding in check_table(table.lazy(), SALES)] == ["maximum"]


@pytest.mark.parametrize(
    ("scenario", "hint"),
    [
        ("edgy", "did you mean 'edge'"),
        ("malformed:amount.maximun", "did you mean 'amount.maximum'"),
        ("standard:x", "did you mean 'standard'"),
    ],
)
def test_a_scenario_that_there_is_not_is_told(scenario, hint):
    with pytest.raises(UsageError, match=rf"PPF350.*{hint}"):
        generate(SALES, 10, scenario=scenario)


FILE = """
scenarios:
  busy:
    rows: 500
    columns:
      pair: {categories: [USD-EUR]}
      day: {range: 2024-01-01 to 2024-01-31}
      paid: {nulls: 0.75}
      amount: {only_edge: true}
    missing_fields: [tags]
    timeout: 300
"""


@pytest.fixture
def scenarios(tmp_path):
    def write(text):
        path = tmp_path / "scenarios.yaml"
        path.write_text(text)
        return path

    return write


def test_a_scenario_of_a_file_says_rows_values_ranges_and_gaps(scenarios):
    table = generate(SALES, scenario="busy", scenarios=scenarios(FILE)).collect()
    assert table.height == 500
    assert set(table["pair"]) == {"USD-EUR"}
    assert str(table["day"].max()) <= "2024-01-31"
    assert 0.65 < table["paid"].null_count() / 500 < 0.85
    assert {float(value) for value in table["amount"]} <= {0.0, 500.0}
    assert "tags" not in table.columns


def test_what_a_scenario_says_of_the_run_is_kept_in_the_manifest(scenarios, tmp_path):
    write_made(prepare(SALES, Wanted(scenario="busy", scenarios=scenarios(FILE))), tmp_path / "out")
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["tables"][0]["run"] == {
        "timeout": 300
    }


ISOLATION = """
isolation_test_scenarios:
  currency_conversion:
    standard:
      data_size: 1000
      currency_pairs: ["USD-EUR", "EUR-GBP", "GBP-JPY"]
      date_range: "2024-01-01 to 2024-12-31"
    edge_cases:
      data_size: 10
      currency_pairs: ["XXX-YYY"]  # Invalid currencies
      missing_fields: ["conversion_rate"]
    performance:
      data_size: 100000
      memory_limit: "1GB"
      timeout: 300
"""
CURRENCY = TableSchema(
    (
        Column("currency_pair", "string", categories=("USD-EUR", "EUR-GBP", "GBP-JPY", "USD-JPY")),
        Column("conversion_rate", "number", minimum=0),
        Column("day", "date"),
    ),
    name="rates",
)


def test_isolation_scenarios_load_as_they_stand(scenarios):
    path = scenarios(ISOLATION)
    known = read_scenarios(path)
    assert known["currency_conversion.performance"].rows == 100_000
    standard = generate(CURRENCY, scenario="currency_conversion.standard", scenarios=path).collect()
    assert standard.height == 1000
    assert set(standard["currency_pair"]) == {"USD-EUR", "EUR-GBP", "GBP-JPY"}
    assert standard["day"].dt.year().unique().to_list() == [2024]
    edge = generate(CURRENCY, scenario="edge_cases", scenarios=path).collect()
    assert edge.shape == (10, 2)
    assert set(edge["currency_pair"]) == {"XXX-YYY"}


def test_what_isolation_scenarios_say_of_no_column_is_told(scenarios):
    text = ISOLATION.replace("currency_pairs", "brokers")
    made = prepare(CURRENCY, Wanted(scenario="currency_conversion.standard", scenarios=scenarios(text)))
    assert [note.what for note in made.notes] == ["unknown key 'brokers' in the scenario 'standard'"]


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("scenarios: {busy: {rowz: 5}}", "1:20", "did you mean 'rows'"),
        ("scenarios: {busy: {rows: many}}", "1:26", "number of rows"),
        ("scenarios: {busy: {columns: {day: {nulls: 3}}}}", "1:43", "share from 0 to 1"),
        ("scenarios: {busy: {columns: {day: {rangee: [1, 2]}}}}", "1:36", "did you mean 'range'"),
        ("scenarios: {busy: {columns: {day: {range: soon}}}}", "1:43", "least and a largest"),
        ("scenarios: {busy: {missing_fields: tags}}", "1:36", "list of columns"),
        ("scenarios: {busy: {base: odd}}", "1:26", "known"),
        ("scenarios: [busy]", "1:1", "mapping"),
        ("other: {}", "1:1", "names no scenarios"),
    ],
)
def test_mistakes_in_scenarios_are_located(scenarios, text, where, what):
    with pytest.raises(ConfigError, match=rf"scenarios.yaml:{where}.*PPF354.*{what}"):
        generate(SALES, scenario="busy", scenarios=scenarios(text))


# Files


@pytest.mark.parametrize("kind", ["parquet", "arrow", "jsonl"])
def test_files_hold_what_is_made(tmp_path, kind):
    [file] = write_made(prepare(PLAIN, Wanted(66_000, seed=4)), tmp_path, kind)
    read = {"parquet": pl.read_parquet, "arrow": pl.read_ipc, "jsonl": pl.read_ndjson}[kind](file.path)
    assert read["email"].equals(generate(PLAIN, 66_000, seed=4).collect()["email"])


def test_a_format_without_lists_is_told_before_anything_is_written(tmp_path):
    with pytest.raises(UsageError, match=r"PPF356.*'tags'.*parquet"):
        write_made(prepare(SALES, Wanted(10)), tmp_path / "out", "csv")
    assert not (tmp_path / "out").exists()


def test_the_manifest_says_how_to_make_the_same_again(tmp_path):
    write_made(prepare(SALES, Wanted(30, "malformed", 9)), tmp_path)
    found = json.loads((tmp_path / "manifest.json").read_text())
    assert (found["schema"], found["seed"], found["scenario"]) == ("pipeproof.made/1", 9, "malformed")
    [table] = found["tables"]
    assert table["rows"] >= 30
    assert "email.format" in table["broken"]
    assert "id.type" in table["not_shown"]
    assert found["generator"]["numpy"] == np.__version__


# Like real data


@pytest.fixture(scope="module")
def real():
    random = np.random.default_rng(0)
    rows = 6000
    kind = random.choice(["van", "bus", "car"], rows, p=[0.2, 0.1, 0.7])
    seats = np.select(
        [kind == "van", kind == "bus"],
        [random.normal(8, 1, rows), random.normal(50, 5, rows)],
        random.normal(4, 0.5, rows),
    )
    trip = random.gamma(2, 20, rows)
    price = trip * 1.5 + random.normal(0, 8, rows)
    return pl.DataFrame(
        {
            "kind": kind,
            "seats": np.round(seats, 1),
            "trip": np.round(trip, 2),
            "price": np.round(price, 2),
            "tip": pl.Series(np.round(random.exponential(3, rows), 2)).set(
                pl.Series(random.random(rows) < 0.4), None
            ),
            "email": [f"person{number}@firm{number % 50}.example" for number in range(rows)],
            "nick": np.where(np.arange(rows) < 3, "only me", "somebody"),
        }
    )


LIKE = TableSchema(
    (
        Column("kind", "string"),
        Column("seats", "number"),
        Column("trip", "number"),
        Column("price", "number"),
        Column("tip", "number", nullable=True),
        Column("email", "string"),
        Column("nick", "string"),
    ),
    name="rides",
)


@pytest.fixture(scope="module")
def like(real):
    return generate(LIKE, 6000, profile=profile(real), seed=1).collect()


def test_quantiles_are_those_of_the_real_data(real, like):
    for name in ("trip", "price", "seats"):
        for level in (0.1, 0.5, 0.9):
            seen, wanted = (table[name].quantile(level, "linear") for table in (like, real))
            assert seen == pytest.approx(wanted, rel=0.05, abs=0.5)


def test_categories_and_gaps_have_the_shares_of_the_real_data(real, like):
    for name in ("van", "bus", "car"):
        assert (like["kind"] == name).mean() == pytest.approx((real["kind"] == name).mean(), abs=0.02)
    assert like["tip"].null_count() / 6000 == pytest.approx(real["tip"].null_count() / 6000, abs=0.01)


def test_numbers_go_together_as_in_the_real_data(real, like):
    seen, wanted = (
        table.select(pl.corr("trip", "price", method="spearman")).item() for table in (like, real)
    )
    assert wanted > 0.9
    assert seen == pytest.approx(wanted, abs=0.05)


def test_numbers_depend_on_the_category_as_in_the_real_data(like):
    medians = dict(like.group_by("kind").agg(pl.col("seats").median()).iter_rows())
    assert medians["car"] == pytest.approx(4, abs=0.5)
    assert medians["bus"] == pytest.approx(50, abs=3)


def test_no_real_value_of_a_column_with_personal_data_is_made(real, like):
    assert set(real["email"]) & set(like["email"]) == set()


def test_values_that_only_a_few_have_are_not_made(like):
    assert "only me" not in set(like["nick"])


def test_statistics_that_the_real_data_keep_leave_them_as_they_are(real, like):
    schema = replace(LIKE, statistics=(Statistic("trip", "mean", 30, 60), Statistic("price", "mean", 0, 900)))
    made = generate(schema, 6000, profile=profile(real), seed=1).collect()
    assert_frame_equal(made.select("trip", "price"), like.select("trip", "price"))


def test_real_numbers_are_moved_no_further_than_statistics_ask(real):
    schema = replace(LIKE, statistics=(Statistic("trip", "mean", 60, 80),))
    values = generate(schema, 6000, profile=profile(real), seed=1).collect()["trip"]
    assert 60 <= values.mean() <= 65
    for level in (0.25, 0.5, 0.75):  # all of them by the same factor
        grown = values.quantile(level, "linear") / real["trip"].quantile(level, "linear")
        assert grown == pytest.approx(values.mean() / real["trip"].mean(), rel=0.03)


@pytest.mark.parametrize(("low", "high"), [(500, 520), (-20, -10)])
def test_real_numbers_are_moved_beyond_their_range_where_the_contract_has_none(real, low, high):
    schema = replace(LIKE, statistics=(Statistic("trip", "mean", low, high),))
    values = generate(schema, 2000, profile=profile(real), seed=1).collect()["trip"]
    assert low <= values.mean() <= high
    assert values.n_unique() > 1000


def test_a_condition_that_columns_of_a_profile_break_together_is_kept_by_rows_that_do(real):
    schema = replace(LIKE, conditions=(Condition("small vans", "kind <> 'van' OR trip < 60"),))
    made = generate(schema, 2000, profile=profile(real), seed=1).collect()
    assert made.filter(kind="van").height > 100
    assert made.filter(kind="van")["trip"].max() < 60


def test_a_condition_may_be_broken_within_its_limit():
    columns = (Column("id", "integer", unique=True, minimum=1, maximum=200),)
    rare = Condition("rare", "id <> 7")
    schema = TableSchema(columns, conditions=(rare,), limits=(Limit("rare", share=0.01),), name="t")
    assert generate(schema, 200).collect()["id"].n_unique() == 200


# Fewer rows


def test_what_must_differ_runs_on_beyond_the_real_values():
    real = profile(pl.DataFrame({"id": range(100, 400)}))
    schema = TableSchema((Column("id", "integer", unique=True, minimum=1),), name="t")
    ids = generate(schema, 5000, profile=real).collect()["id"]
    assert ids.n_unique() == 5000
    assert ids.min() >= 1


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (
            TableSchema((Column("flag", "boolean", unique=True),), name="t"),
            "t has 2 of 50 rows: column 'flag' has 2 different values",
        ),
        (
            TableSchema((Column("a", "boolean"), Column("b", "boolean")), key=("a", "b"), name="t"),
            "t has 4 of 50 rows: the key (a, b) has 4 different values",
        ),
        (
            TableSchema((Column("a", "integer"),), max_rows=9, name="t"),
            "t has 9 of 50 rows: its contract allows at most 9",
        ),
    ],
)
def test_that_fewer_rows_are_made_is_told(schema, why):
    assert [note.what for note in prepare(schema, Wanted(50)).notes] == [why]

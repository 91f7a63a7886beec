"""Rules of whole tables, limits, and what a check says, shows and keeps to itself."""

import datetime as dt
import json

import pandas as pd
import polars as pl
import pytest

from pipeproof.data import check, profile
from pipeproof.data.checking.asking import Ways, ask
from pipeproof.data.contract_files import read_contract
from pipeproof.errors import ContractError
from pipeproof.model.contract import (
    Column,
    Comparison,
    Condition,
    Limit,
    Query,
    Reference,
    Statistic,
    TableSchema,
)

TABLE = pl.DataFrame({"a": [1, 2, 3, 4], "b": [4, 3, None, 1], "s": ["x", "y", "x", None]})


def schema(*columns, **rules):
    return TableSchema(columns or (Column("a", "integer"),), **rules)


def told(result):
    return [(one.code, one.severity, one.what) for one in result.findings]


class TestConditions:
    @pytest.mark.parametrize(
        ("sql", "broken"),
        [
            ("a < b", 1),
            ("b IS NOT NULL", 1),
            ("a % 2 = 0 OR s = 'x'", 0),
            ("CASE WHEN s = 'x' THEN a > 1 ELSE true END", 1),
            ("a IN (1, 2, 3)", 1),
            ("length(s) = 1 AND upper(s) <> 'Y'", 1),
            ("A < 4", 1),
            ('"a" + b < 6 -- a remark', 0),
        ],
    )
    def test_are_asked_of_every_row_and_the_unknown_keeps_them(self, sql, broken):
        [rule] = [
            one
            for one in ask(TABLE.lazy(), schema(conditions=(Condition("c", sql),))).rules
            if one.rule == "c"
        ]
        assert rule.rows == broken

    @pytest.mark.parametrize(
        ("sql", "says"),
        [
            ("a <", "it is no SQL: an operand is missing"),
            ("", "it must be one expression"),
            ("a; DROP TABLE x", "it must be one expression"),
            ("a > 1 FROM other", "it must be one expression"),
            ("max(a) > 1", "is not about one row"),
            ("a > (SELECT 1)", "is not about one row"),
            ("c > 1", "there is no column 'c'"),
            ("aa > 1", "did you mean 'a'?"),
            ("nofunction(a) > 1", "nofunction"),
            ("read_text('/etc/hostname') = ''", "read_text"),
            ("a = DATE '2024-13-01'", "fails on some rows"),
            ("CAST(s AS INTEGER) > 1", "fails on some rows: a value of 's' cannot be converted to INT32"),
        ],
    )
    def test_that_cannot_be_asked_are_told(self, sql, says):
        [finding] = ask(TABLE.lazy(), schema(conditions=(Condition("c", sql),))).findings
        assert finding.code == "PPF306"
        assert says in finding.what

    def test_about_a_column_that_need_not_be_there_are_kept_without_it(self):
        columns = (Column("a"), Column("z", required=False))
        assert ask(TABLE.lazy(), schema(*columns, conditions=(Condition("c", "z > a"),))).passed

    def test_read_columns_of_every_type(self):
        frame = pl.LazyFrame(
            {"n": [None], "l": [[1, 2]], "t": [dt.time(12)], "c": pl.Series(["x"], dtype=pl.Categorical)}
        )
        rules = (Condition("c", "n IS NULL AND len(l) = 2 AND t > TIME '11:00' AND c = 'x'"),)
        assert ask(frame, TableSchema((Column("l"),), conditions=rules)).counts["broken"] == 0


class TestQueries:
    @pytest.mark.parametrize(
        ("query", "status", "value"),
        [
            (Query("q", "SELECT count(DISTINCT s) FROM this_table", 2, 2), "kept", 2),
            (Query("q", "SELECT sum(a) FROM this_table", maximum=9), "broken", 10),
            (Query("q", "SELECT max(a) FROM this_table WHERE a > 9", 1), "unasked", None),
            (Query("q", "SELECT a FROM this_table", 1), "unasked", None),
            (Query("q", "SELECT 'x'", 1), "unasked", None),
            (Query("q", "SELECT nope FROM this_table", 1), "unasked", None),
            (Query("q", "SELECT count(*) FROM read_csv('/etc/passwd')", 1), "unasked", None),
            (Query("q", "COPY this_table TO '/tmp/stolen.csv'", 1), "unasked", None),
        ],
    )
    def test_give_one_number_between_bounds_and_see_nothing_else(self, query, status, value):
        [rule] = [one for one in ask(TABLE.lazy(), schema(queries=(query,))).rules if one.rule == "q"]
        assert (rule.status, rule.value) == (status, value)


class TestStatistics:
    def test_outside_of_their_bounds_are_told_with_the_number(self):
        rules = (Statistic("a", "mean", 3), Statistic("s", "share", maximum=0.5, of="x"))
        result = ask(TABLE.lazy(), schema(statistics=rules))
        assert told(result) == [
            ("PPF317", "error", "column 'a': mean is at least 3, it is 2.5"),
            ("PPF317", "error", "column 's': share x is at most 0.5, it is 0.666667"),
        ]

    @pytest.mark.parametrize(
        "rule", [Statistic("s", "mean", 1), Statistic("a", "age", maximum=1), Statistic("q", "sum", 1)]
    )
    def test_that_cannot_be_measured_are_told(self, rule):
        [finding] = ask(TABLE.lazy(), schema(statistics=(rule,))).findings
        assert finding.code == "PPF306"

    @pytest.mark.parametrize(
        "values", [[dt.date(2024, 1, 2)], [dt.datetime(2024, 1, 2, 0, tzinfo=dt.UTC), None]]
    )
    def test_the_age_is_that_of_the_newest_value(self, values):
        rule = Statistic("x", "age", maximum=3600)
        ways = Ways(now=dt.datetime(2024, 1, 2, 2, tzinfo=dt.UTC))
        result = ask(
            pl.LazyFrame({"x": values}), schema(Column("x", nullable=True), statistics=(rule,)), ways
        )
        assert result.rules[-1].value == 7200

    def test_the_distance_is_that_to_a_stored_profile(self, tmp_path):
        days = [dt.datetime(2024, 1, day, 12) for day in range(1, 29)]  # noqa: DTZ001 tables without zones are usual
        (tmp_path / "p.json").write_text(json.dumps(profile({"a": days}).to_dict()))
        text = "columns: {a: {type: timestamp, statistics: {distance: {to: p.json, max: 0.1, by: ks}}}}"
        (tmp_path / "c.yaml").write_text(text)
        far = [day + dt.timedelta(days=40) for day in days]
        found = [
            next(one for one in check({"a": values}, tmp_path / "c.yaml").rules if one.rule == "distance ks")
            for values in (days, far)
        ]
        assert [(rule.status, round(rule.value, 6)) for rule in found] == [("kept", 0.0), ("broken", 1.0)]

    @pytest.mark.parametrize(
        "content", [None, "junk", "{}", '{"schema": "pipeproof.profile/1", "columns": [{}]}']
    )
    def test_a_profile_that_is_none_is_told(self, content, tmp_path):
        path = tmp_path / "p.json"
        if content is not None:
            path.write_text(content)
        rule = Statistic("a", "distance", maximum=0.1, of="psi", against=str(path))
        [finding] = ask(TABLE.lazy(), schema(statistics=(rule,))).findings
        assert (finding.code, "p.json" in finding.what) == ("PPF306", True)


def test_an_infinite_number_can_be_written_as_json():
    contract = schema(Column("a", "number"), statistics=(Statistic("a", "sum", 0),))
    result = ask(pl.LazyFrame({"a": [1.0, float("inf")]}), contract)
    assert '"value": "inf"' in json.dumps(result.to_dict(), allow_nan=False)


class TestReferences:
    REFERS = schema(Column("s", "string", nullable=True, references=Reference("letters", "name")))

    def test_tables_that_nothing_refers_to_are_not_opened(self):
        others = {"letters": {"name": ["y", "z"]}, "broken": "no/such.parquet"}
        assert check(TABLE, self.REFERS, others=others).asked

    def test_are_kept_by_values_that_the_other_table_has(self):
        result = check(TABLE, self.REFERS, others={"letters": {"name": ["y", "z"]}})
        assert told(result) == [("PPF303", "error", "column 's' breaks 'is in letters.name' in 2 of 4 rows")]

    def test_without_the_other_table_are_noted_as_not_asked(self):
        result = check(TABLE, self.REFERS)
        assert (result.passed, told(result)[0][:2]) == (True, ("PPF318", "note"))

    @pytest.mark.parametrize("other", [{"nme": ["x"]}, {"name": [1]}])
    def test_to_what_is_no_such_column_are_told(self, other):
        assert check(TABLE, self.REFERS, others={"letters": other}).findings[0].code == "PPF306"

    def test_to_numbers_of_another_width_are_compared(self):
        refers = schema(Column("a", "integer", references=Reference("t", "id")))
        small = pl.DataFrame({"id": pl.Series([1, 2, 3], dtype=pl.Int8)})
        assert check(TABLE, refers, others={"t": small}).findings[0].what.endswith("in 1 of 4 rows")


class TestLimits:
    LOW = Column("a", "integer", minimum=3)

    @pytest.mark.parametrize(
        ("limit", "status"),
        [
            (Limit("minimum", rows=2), "tolerated"),
            (Limit("minimum", rows=1), "broken"),
            (Limit("minimum", share=0.5), "tolerated"),
            (Limit("minimum", share=0.49), "broken"),
            (Limit("maximum", rows=9), "broken"),
        ],
    )
    @pytest.mark.parametrize("fail_fast", [False, True])
    def test_say_how_many_rows_may_break_a_rule(self, limit, status, fail_fast):
        result = ask(TABLE.lazy(), schema(self.LOW, limits=(limit,)), Ways(fail_fast=fail_fast))
        [rule] = [one for one in result.rules if one.rule == "minimum"]
        assert (rule.status, result.passed) == (status, status == "tolerated")

    def test_within_them_a_breach_is_a_note(self):
        result = ask(TABLE.lazy(), schema(self.LOW, limits=(Limit("minimum", rows=2),)))
        what = "column 'a' breaks '≥ 3' in 2 of 4 rows, as far as the contract allows (2)"
        assert told(result) == [("PPF303", "note", what)]

    @pytest.mark.parametrize(
        "broken",
        [
            schema(LOW, limits=(Limit("minimum", "warning"),)),
            schema(Column("a", "string"), limits=(Limit("type", "warning"),)),
            schema(Column("z"), limits=(Limit("missing_column", "warning"),)),
            schema(min_rows=9, limits=(Limit("min_rows", "warning"),)),
            schema(comparisons=(Comparison("a", "<", "b"),), limits=(Limit("a < b", "warning"),)),
            schema(conditions=(Condition("c", "a > 2"),), limits=(Limit("c", "warning"),)),
            schema(queries=(Query("q", "SELECT 1", 2),), limits=(Limit("q", "warning"),)),
            schema(Column("a", limits=(Limit("mean", "warning"),)), statistics=(Statistic("a", "mean", 9),)),
            schema(Column("s"), key=("s",), limits=(Limit("key", "warning"), Limit("nullable", "warning"))),
        ],
    )
    def test_a_breach_can_be_a_warning(self, broken):
        result = ask(TABLE.lazy(), broken)
        assert result.passed
        assert {finding.severity for finding in result.findings} == {"warning"}


def test_a_contract_that_asks_nothing_is_not_passed():
    result = check(TABLE, TableSchema((Column("z", required=False),)))
    assert (result.passed, [one.code for one in result.findings]) == (False, ["PPF316"])


def test_what_was_found_is_raised_on_demand():
    with pytest.raises(ContractError, match="breaks '≥ 3'"):
        check(TABLE, schema(TestLimits.LOW)).raise_for_findings()


def test_a_table_that_keeps_its_contract_raises_nothing():
    assert check(TABLE, schema()).raise_for_findings() is None


def test_personal_data_are_masked_unless_they_are_asked_for():
    mails = pl.DataFrame({"email": ["ann@example.org"]})
    contract = schema(Column("email", "string", max_length=3))
    assert "ann@" not in check(mails, contract).findings[0].evidence
    assert "ann@example.org" in check(mails, contract, show_private=True).findings[0].evidence


def test_the_same_is_found_in_whatever_holds_the_table(tmp_path):
    TABLE.write_parquet(tmp_path / "t.parquet")
    TABLE.write_csv(tmp_path / "t.csv")
    TABLE.write_ndjson(tmp_path / "t.jsonl")
    TABLE.write_ipc(tmp_path / "t.arrow")
    contract = schema(TestLimits.LOW, Column("s", "string", nullable=True, unique=True))
    given = [
        *(tmp_path / f"t.{kind}" for kind in ("parquet", "csv", "jsonl", "arrow")),
        TABLE,
        TABLE.to_pandas(),
    ]
    found = {tuple(one.what for one in check(table, contract).findings) for table in given}
    assert found == {
        ("column 'a' breaks '≥ 3' in 2 of 4 rows", "column 's' breaks 'is unique' in 1 of 4 rows")
    }


class TestTexts:
    def test_that_are_no_values_of_the_type_are_shown_as_they_stand(self, tmp_path):
        (tmp_path / "t.csv").write_text("a,b\n1,1\nx,2\n,3\n2.5,4\n")
        result = check(tmp_path / "t.csv", schema(Column("a", "integer")))
        assert [(one.code, one.what, one.evidence) for one in result.findings] == [
            ("PPF302", "column 'a' has 2 values that are not of its type", "row 2: 'x', row 4: '2.5'"),
            ("PPF303", "column 'a' breaks 'has no missing values' in 1 of 4 rows", "row 3: missing"),
        ]

    def test_whose_type_is_guessed_wrong_are_guessed_again(self, tmp_path):
        (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n" * 12_000 + "one,2\n")
        assert check(tmp_path / "t.csv", schema(Column("a", min_length=1))).passed


def test_rejected_rows_are_written_as_they_were(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,1\nx,2\n,3\n5,4\n")
    check(tmp_path / "t.csv", schema(Column("a", "integer", maximum=4)), rejected=tmp_path / "bad.jsonl")
    assert pl.read_ndjson(tmp_path / "bad.jsonl")["b"].to_list() == [2, 3, 4]


def test_rejected_rows_have_their_texts_number_and_rules_and_are_none_that_passed(tmp_path):
    lines = ["1,5,1", '2,"12,50",-1', "2,6,1", "4,7,9", "5,8.0,8"]
    (tmp_path / "t.csv").write_text("\n".join(["id,amount,rest", *lines]) + "\n")
    limits = (Limit("minimum", rows=1), Limit("maximum", severity="warning"))
    rest = Column("rest", "integer", minimum=0, maximum=8, limits=limits)
    asked = schema(Column("id", unique=True), Column("amount", "number"), rest)
    check(tmp_path / "t.csv", asked, rejected=tmp_path / "bad.csv")
    assert (tmp_path / "bad.csv").read_text().splitlines() == [
        "id,amount,rest,pipeproof_row,pipeproof_rules",
        '2,"12,50",-1,2,amount type',
        "2,6,1,3,id unique",
    ]


class TestTablesOfPandas:
    ASKED = schema(Column("id", "integer", nullable=True), Column("day", "date", nullable=True))

    def test_have_integers_with_gaps_and_dates_at_midnight(self):
        days = pd.to_datetime(["2026-01-01", None, "2026-01-02"])
        assert check(pd.DataFrame({"id": [1, 2, None], "day": days}), self.ASKED).passed

    def test_have_other_floats_times_and_texts_as_they_are(self):
        days = pd.to_datetime(["2026-01-01 00:00", "2026-01-02 10:00"])
        for table in ({"id": [1.5, None], "day": days}, {"id": ["1", "2"], "day": ["2026-01-01", None]}):
            assert [one.code for one in check(pd.DataFrame(table), self.ASKED).findings] == ["PPF302"] * 2


def test_numbers_past_what_is_remembered_are_repeated_rows_all_the_same():
    rising = pl.LazyFrame({"x": [*range(3000), 5]})
    [finding] = ask(rising, schema(Column("x", unique=True))).findings
    assert (finding.what, finding.evidence) == (
        "column 'x' breaks 'is unique' in 1 of 3,001 rows",
        "row 3,001: 5",
    )


def test_examples_are_found_far_behind_the_first_rows():
    values = pl.Series(range(200_000))
    [finding] = ask(values.alias("x").to_frame().lazy(), schema(Column("x", maximum=199_997))).findings
    assert finding.evidence == "row 199,999: 199998, row 200,000: 199999"


class TestContractFiles:
    def test_of_steps_are_chosen_from_by_name(self, tmp_path):
        text = "inputs: {raw: {columns: {a: integer}}}\noutputs: {raw: {columns: {b: integer}}, out: {columns: {c: date}}}"
        (tmp_path / "c.yaml").write_text(text)
        assert read_contract(tmp_path / "c.yaml", "outputs.raw").names == ("b",)
        assert read_contract(tmp_path / "c.yaml", "out").names == ("c",)

    def test_of_one_table_have_the_name_of_the_file(self, tmp_path):
        (tmp_path / "orders.v1.yaml").write_text("columns: {a: integer}")
        assert read_contract(tmp_path / "orders.v1.yaml").name == "orders"

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "the file is empty"),
            ("- a", "a mapping is needed here"),
            ("columns: [", "not valid YAML"),
            ("columns: {a: nosuch}", "did you mean|one of the choices"),
            ("column: {a: integer}", "did you mean 'columns'"),
            ("description: x", "says nothing of any table"),
            ("inputs: {a: {format: csv}}", "says nothing of any table"),
            ("workflow: {name: x}", "this is a pipeline, not a contract"),
            ("columns: {a: {type: integer, min: 5, max: 1}}", "is larger than the largest"),
            ("columns: {a: {type: string, pattern: '('}}", "is no regular expression"),
            ("columns: {a: integer}\nkey: [b]", "'b', which is no column"),
            ("columns: {a: integer}\nlimits: {kez: 1}", "did you mean 'key'"),
            ("columns: {a: integer}\nqueries: {q: {sql: SELECT 1}}", "has no bound"),
            ("columns: {a: {type: integer, statistics: {mean: [2, 1]}}}", "bounds crossed"),
            ("columns: {a: '${NO_SUCH_NAME}'}", "has no value"),
            (
                "tables: {a: {columns: {x: integer}}, b: {columns: {x: integer}}}",
                "choose one with --dataset: a, b",
            ),
            ("apiVersion: v9\nkind: DataContract", "version v9 of the standard cannot be read"),
        ],
    )
    def test_that_are_wrong_are_told(self, text, says, tmp_path):
        (tmp_path / "c.yaml").write_text(text)
        with pytest.raises(Exception, match=says) as caught:
            read_contract(tmp_path / "c.yaml")
        assert all(finding.where for finding in caught.value.findings)


def test_infinite_values_have_a_mean_between_no_bounds():
    rules = tuple(Statistic("a", what, 0, 1) for what in ("mean", "std", "sum", "median"))
    result = ask(
        pl.LazyFrame({"a": [float("inf"), float("-inf")]}), schema(Column("a", "number"), statistics=rules)
    )
    assert [rule.status for rule in result.rules[-4:]] == ["broken"] * 4


def test_a_column_of_nothing_but_gaps_keeps_comparisons():
    contract = schema(
        Column("a", "integer", nullable=True),
        Column("b", "integer"),
        comparisons=(Comparison("a", "<=", "b"),),
    )
    assert not ask(pl.LazyFrame({"a": pl.Series([None]), "b": [1]}), contract).findings

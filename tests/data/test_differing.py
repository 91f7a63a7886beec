"""How two tables differ that should be the same, in words."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.data import differing
from pipeproof.data.differing import table_differences

TABLE = pl.DataFrame({"n": [1, 2, 3], "text": ["a", None, "c"], "x": [0.5, float("nan"), None]})


def between(folder: Path, before: pl.DataFrame, after: pl.DataFrame) -> tuple[str, ...]:
    before.write_parquet(folder / "before.parquet")
    after.write_parquet(folder / "after.parquet", compression="uncompressed", row_group_size=2)
    return table_differences(folder / "before.parquet", folder / "after.parquet")


def test_other_bytes_may_hold_the_same_table(tmp_path: Path) -> None:
    assert between(tmp_path, TABLE, TABLE) == ()


@pytest.mark.parametrize(
    ("after", "says"),
    [
        (TABLE.with_columns(n=pl.Series([1, 9, 9])), "column n: 2 of 3 rows"),
        (TABLE.with_columns(text=pl.Series(["a", "b", "c"])), "column text: 1 of 3 rows"),
        (TABLE.with_columns(x=pl.Series([0.5, None, None])), "column x: 1 of 3 rows"),
        (TABLE.with_columns(pl.col("n").cast(pl.Int32)), "column n: Int64 → Int32"),
        (TABLE.rename({"n": "number"}), "column n is gone; column number is new"),
        (TABLE.select("text", "n", "x"), "the columns stand in another order"),
        (TABLE.head(2), "3 → 2 rows"),
        (TABLE.reverse(), "the same rows in another order"),
        (
            TABLE[[0, 0, 2]],
            "column n: 1 of 3 rows; column text: 1 of 3 rows; column x: 1 of 3 rows",
        ),
    ],
)
def test_what_differs_is_named(tmp_path: Path, after: pl.DataFrame, says: str) -> None:
    assert "; ".join(between(tmp_path, TABLE, after)) == says


def test_values_of_lists_and_structures_are_compared(tmp_path: Path) -> None:
    nested = pl.DataFrame({"list": [[1, 2], [3]], "struct": [{"a": 1}, {"a": 2}]})
    other = pl.DataFrame({"list": [[1, 2], [4]], "struct": [{"a": 1}, {"a": 2}]})
    assert between(tmp_path, nested, other) == ("column list: 1 of 2 rows",)


def test_the_columns_that_differ_are_named_up_to_five(tmp_path: Path) -> None:
    wide = pl.DataFrame({f"c{number}": [number] for number in range(8)})
    assert between(tmp_path, wide, wide.select(pl.all() + 1))[4:] == (
        "column c4: 1 of 1 rows",
        "3 more columns",
    )


def test_a_table_without_rows_or_columns_is_the_same_as_itself(tmp_path: Path) -> None:
    assert [between(tmp_path, table, table) for table in (TABLE.clear(), pl.DataFrame())] == [(), ()]


def test_what_differs_in_later_parts_is_counted_too(tmp_path: Path) -> None:
    rows = differing._PART + 10
    table = pl.DataFrame({"n": range(rows)})
    changed = table.with_columns(pl.when(pl.col("n") >= rows - 2).then(-1).otherwise(pl.col("n")).alias("n"))
    assert between(tmp_path, table, changed) == (f"column n: 2 of {rows:,} rows",)


ROWS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["a", "b", None])), min_size=1, max_size=6)


@settings(max_examples=20)
@given(ROWS, st.randoms(use_true_random=False))
def test_rows_in_another_order_are_told_from_other_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str]], chance: object
) -> None:
    shuffled = [*rows]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # of the standard library's random
    frames = [pl.DataFrame(some, schema=["n", "text"], orient="row") for some in (rows, shuffled)]
    said = between(tmp_path_factory.mktemp("rows"), *frames)
    assert said == (() if rows == shuffled else ("the same rows in another order",))

"""What rivals do, timed: a program of the environment that `script/environment rivals` makes.

It knows nothing of Pipeproof. `rivals.py` starts it: rival_work.py WORK RIVAL ROWS TIMES [FILE ...].
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tables
from one_core import tell

Work = Callable[[], object]


def generate_dataframely(rows: int, _files: list[Path]) -> Work:
    """Sample the ten columns from a schema."""
    import datetime as dt

    import dataframely as dy

    first, last = map(dt.date.fromisoformat, (tables.FIRST_DAY, tables.LAST_DAY))
    moments = {"min": dt.datetime.combine(first, dt.time()), "max": dt.datetime.combine(last, dt.time())}

    class Ten(dy.Schema):
        id = dy.Int64(min=0)
        day = dy.Date(min=first, max=last)
        left_at = dy.Datetime(**moments)
        landed_at = dy.Datetime(**moments)
        carrier = dy.String(regex=f"({'|'.join(tables.CARRIERS)})")
        tail = dy.String(regex=tables.TAIL)
        origin = dy.String(regex=f"({'|'.join(tables.ORIGINS)})")
        distance = dy.Int64(min=1, max=tables.MOST_DISTANCE)
        delay = dy.Float64(nullable=True, min=tables.LEAST_DELAY, max=tables.MOST_DELAY)
        share = dy.Float64(min=0, max=1)

    return lambda: Ten.sample(rows)


def generate_faker(rows: int, _files: list[Path]) -> Work:
    """Make the ten columns value by value, as people do."""
    import datetime as dt

    import polars as pl
    from faker import Faker

    fake = Faker()
    first, last = map(dt.date.fromisoformat, (tables.FIRST_DAY, tables.LAST_DAY))

    def row(number: int) -> dict[str, Any]:
        left = fake.date_time_between(first, last)
        return {
            "id": number,
            "day": left.date(),
            "left_at": left,
            "landed_at": left + dt.timedelta(seconds=fake.random_int(1_800, 40_000)),
            "carrier": fake.random_element(tables.CARRIERS),
            "tail": fake.bothify("N###??", letters="ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
            "origin": fake.random_element(tables.ORIGINS),
            "distance": fake.random_int(1, tables.MOST_DISTANCE),
            "delay": fake.pyfloat(min_value=tables.LEAST_DELAY, max_value=tables.MOST_DELAY),
            "share": fake.pyfloat(min_value=0, max_value=1),
        }

    return lambda: pl.DataFrame([row(number) for number in range(rows)])


def check_pandera(_rows: int, files: list[Path]) -> Work:
    """Hold a Parquet file against the twelve rules, lazily, all at once."""
    import datetime as dt

    import pandera.polars as pa
    import polars as pl

    def in_order(data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(pl.col("left_at") <= pl.col("landed_at"))

    first, last = map(dt.date.fromisoformat, (tables.FIRST_DAY, tables.LAST_DAY))
    ten = pa.DataFrameSchema(
        {
            "id": pa.Column(pl.Int64, pa.Check.ge(0), unique=True),
            "day": pa.Column(pl.Date, pa.Check.in_range(first, last)),
            "left_at": pa.Column(pl.Datetime("us")),
            "landed_at": pa.Column(pl.Datetime("us")),
            "carrier": pa.Column(pl.String, pa.Check.isin(tables.CARRIERS)),
            "tail": pa.Column(pl.String, pa.Check.str_matches(f"{tables.TAIL}$")),
            "origin": pa.Column(pl.String, pa.Check.isin(tables.ORIGINS)),
            "distance": pa.Column(pl.Int64, pa.Check.in_range(1, tables.MOST_DISTANCE)),
            "delay": pa.Column(
                pl.Float64, pa.Check.in_range(tables.LEAST_DELAY, tables.MOST_DELAY), nullable=True
            ),
            "share": pa.Column(pl.Float64, pa.Check.in_range(0, 1)),
        },
        checks=pa.Check(in_order),
    )
    return lambda: ten.validate(pl.scan_parquet(files[0]).collect(), lazy=True)


def check_dataframely(_rows: int, files: list[Path]) -> Work:
    """Hold a Parquet file against the twelve rules, the rows that break one set aside."""
    import datetime as dt

    import dataframely as dy
    import polars as pl

    first, last = map(dt.date.fromisoformat, (tables.FIRST_DAY, tables.LAST_DAY))

    class Ten(dy.Schema):
        id = dy.Int64(primary_key=True, min=0)
        day = dy.Date(min=first, max=last)
        left_at = dy.Datetime(time_unit="us")
        landed_at = dy.Datetime(time_unit="us")
        carrier = dy.String(check=lambda column: column.is_in(tables.CARRIERS))
        tail = dy.String(regex=f"^{tables.TAIL}$")
        origin = dy.String(check=lambda column: column.is_in(tables.ORIGINS))
        distance = dy.Int64(min=1, max=tables.MOST_DISTANCE)
        delay = dy.Float64(nullable=True, min=tables.LEAST_DELAY, max=tables.MOST_DELAY)
        share = dy.Float64(min=0, max=1)

        @dy.rule()
        def in_order(cls) -> pl.Expr:  # noqa: N805 dataframely calls it with the class
            return pl.col("left_at") <= pl.col("landed_at")

    return lambda: Ten.filter(pl.read_parquet(files[0]))


def profile_skrub(_rows: int, files: list[Path]) -> Work:
    """Write the report of a table as HTML."""
    import polars as pl
    import skrub

    return lambda: skrub.TableReport(pl.read_parquet(files[0]), verbose=0).html()


def compare_nannyml(_rows: int, files: list[Path]) -> Work:
    """Measure the drift of the columns that it can take, once over the whole tables, by its quickest methods."""
    import warnings

    import nannyml
    import pandas as pd

    warnings.filterwarnings("ignore", message="The resulting number of chunks is too low")

    def drift() -> object:
        old, new = (pd.read_parquet(file) for file in files)
        calculator = nannyml.UnivariateDriftCalculator(
            column_names=[name for name in old.columns if name not in {"id", "day", "left_at", "landed_at"}],
            continuous_methods=["kolmogorov_smirnov"],
            categorical_methods=["chi2"],
            chunk_number=1,
        )
        return calculator.fit(old).calculate(new).to_df()

    return drift


RIVALS: dict[tuple[str, str], Callable[[int, list[Path]], Work]] = {
    ("generate", "dataframely"): generate_dataframely,
    ("generate", "faker"): generate_faker,
    ("check", "pandera"): check_pandera,
    ("check", "dataframely"): check_dataframely,
    ("profile", "skrub"): profile_skrub,
    ("compare", "nannyml"): compare_nannyml,
}


def main() -> None:
    """Do one work of one rival and tell what it took."""
    work, rival, rows, times, *files = sys.argv[1:]
    make = RIVALS[work, rival]
    tell(f"{rival} {version(rival)}", make(int(rows), [Path(file) for file in files]), int(rows), int(times))


if __name__ == "__main__":
    main()

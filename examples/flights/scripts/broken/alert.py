"""Lists the flights that somebody should look at."""

import polars as pl

PERCENT = 80


def alert(scored: pl.DataFrame) -> pl.DataFrame:
    return scored.filter(pl.col("late_probability") > PERCENT).select("flight")

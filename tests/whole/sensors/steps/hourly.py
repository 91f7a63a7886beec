import polars as pl


def hourly(placed: pl.DataFrame) -> pl.DataFrame:
    return (
        placed.with_columns(hour=pl.col("at").dt.truncate("1h"))
        .group_by("device", "hour")
        .agg(
            pl.col("model").first(),
            readings=pl.len().cast(pl.Int64),
            mean_temperature=pl.col("temperature").mean(),
            max_vibration=pl.col("vibration").max(),
            offline_share=(pl.col("status") == "offline").mean(),
        )
        .sort("device", "hour")
    )

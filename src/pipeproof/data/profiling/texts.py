"""What texts look like: their shapes, whether they are numbers or dates, one value in several spellings."""

from __future__ import annotations

from itertools import groupby

import polars as pl

from pipeproof.data.profiling.profile import Shape, Texts

_LETTERS = {
    **{chr(code): "a" for code in range(ord("a"), ord("z") + 1)},
    **{chr(code): "A" for code in range(ord("A"), ord("Z") + 1)},
    **{chr(code): "9" for code in range(ord("0"), ord("9") + 1)},
}
_TABLE = str.maketrans(_LETTERS)
_BREAK = "\x00"
_MOST = 8
_LONGEST = 60  # characters of a text of which the shape is told
_FREE = 0.1  # share of the first shape, below which texts have no shape in common
_WORDS = 16  # characters of the mean shape, above which texts are words
_MAIN = 0.8  # share from which a kind is what the column is meant to hold
_EXAMPLES = 5
_NUMBER = r"^\s*[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d+)?\s*$"
_DATE = r"^\s*(\d{4}-\d{1,2}-\d{1,2}([T ].*)?|\d{1,2}[./]\d{1,2}[./](\d{2}|\d{4}))\s*$"
_BLANK = r"(?i)^\s*(|n/?a|nan|nil|none|null|missing|unknown|-+|\?+|\.)\s*$"


def texts_of(counted: pl.DataFrame) -> Texts:
    """Return what texts look like.

    Args:
        counted: Different texts (column `value`) and how often each comes (`n`).
    """
    looked = int(counted["n"].sum() or 0)
    if not looked:
        return Texts(0)
    kinds = _kinds(counted, looked)
    respelled, spellings = _spellings(counted)
    return Texts(looked, _shapes(counted, looked), kinds, _odd(kinds), respelled / looked, spellings)


def shape_of(text: str) -> str:
    """Return what a text looks like: letters as `A` or `a`, digits as `9`, all else as it is."""
    return "".join(_LETTERS.get(letter, letter if letter.isascii() else "a") for letter in text)


def _shapes(counted: pl.DataFrame, looked: int) -> tuple[Shape, ...]:
    shapes = _translated([text[:_LONGEST] for text in counted["value"].to_list()])
    table = _summed(shapes, counted["n"])
    wordy = sum(map(len, shapes)) > _WORDS * len(shapes)
    if table.height and (wordy or table["n"][0] < _FREE * looked):
        table = _summed([_drawn_together(shape) for shape in shapes], counted["n"])
    return tuple(Shape(shape, n / looked) for shape, n in table.head(_MOST).iter_rows())


def _translated(texts: list[str]) -> list[str]:
    joined = _BREAK.join(texts)
    if joined.isascii() and joined.count(_BREAK) == len(texts) - 1:
        return joined.translate(_TABLE).split(_BREAK)
    return [shape_of(text) for text in texts]


def _drawn_together(shape: str) -> str:
    """Return a shape in which a run of one kind of letter is `a+`, as in `Aa+ Aa+`."""
    runs = ((letter, len(list(run))) for letter, run in groupby(shape))
    return "".join(f"{letter}+" if letter in "aA9" and n > 1 else letter * n for letter, n in runs)


def _summed(shapes: list[str], counts: pl.Series) -> pl.DataFrame:
    table = pl.DataFrame({"shape": shapes, "n": counts})
    return table.group_by("shape").agg(pl.col("n").sum()).sort("n", "shape", descending=[True, False])


def _kinds(counted: pl.DataFrame, looked: int) -> dict[str, float]:
    """Return the share of each kind of text; what stands for nothing, such as `n/a`, is blank."""
    value = pl.col("value")
    kind = (
        pl.when(value.str.contains(_BLANK))
        .then(pl.lit("blank"))
        .when(value.str.contains(_NUMBER))
        .then(pl.lit("number"))
        .when(value.str.contains(_DATE))
        .then(pl.lit("date"))
        .otherwise(pl.lit("other"))
    )
    found = counted.group_by(kind.alias("kind")).agg(pl.col("n").sum()).sort("n", descending=True)
    return {str(name): n / looked for name, n in found.iter_rows()}


def _odd(kinds: dict[str, float]) -> float:
    """Return the share of texts that are of another kind than the column is clearly meant to hold.

    Numbers among words are words too; words among numbers are not numbers.
    """
    blank = kinds.get("blank", 0.0)
    main = max(kinds.get("number", 0.0), kinds.get("date", 0.0))
    return 1 - main if main >= _MAIN else blank if blank < _MAIN else 0.0


def _spellings(counted: pl.DataFrame) -> tuple[int, tuple[tuple[str, ...], ...]]:
    """Return how many texts differ from a more frequent one only in case or spaces, and the worst examples."""
    same = pl.col("value").str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()
    groups = (
        counted.filter(pl.col("value").str.strip_chars().str.len_chars() > 1)
        .sort("n", "value", descending=[True, False])
        .group_by(same.alias("same"), maintain_order=True)
        .agg("value", total=pl.col("n").sum(), most=pl.col("n").max())
        .filter(pl.col("value").list.len() > 1)
        .with_columns(rest=pl.col("total") - pl.col("most"))
        .sort("rest", "same", descending=[True, False])
    )
    examples = tuple(tuple(values[:_EXAMPLES]) for values in groups["value"].head(_EXAMPLES).to_list())
    return int(groups["rest"].sum() or 0), examples

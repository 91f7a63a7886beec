"""A loaded model as a value: what it needs, what it can give, and one function that predicts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeproof.errors import Finding, ModelError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

PROBABILITY, LABEL, RAW, VALUE = "probability", "label", "raw", "value"


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can predict.

    Attributes:
        kind: The library it belongs to, as users write it in ``model_type:``.
        outputs: What it can give; the first is the default.
        predict: (features in the model's order, output) → array of shape (rows,) or (rows, k).
        features: Names of its features in order, empty when it knows none.
        width: Number of its features, None when it does not say.
        classes: Labels that it tells apart, in the order of its probabilities.
        takes_text: Whether it prepares columns that are no numbers itself.
        spell: How the library writes a column name, where it changes names.
    """

    kind: str
    outputs: tuple[str, ...]
    predict: Callable[[pl.DataFrame, str], np.ndarray[Any, Any]]
    features: tuple[str, ...] = ()
    width: int | None = None
    classes: tuple[Any, ...] = ()
    takes_text: bool = False
    spell: Callable[[str], str] = str


def matrix(frame: pl.DataFrame) -> np.ndarray[Any, Any]:
    """Return a frame as numbers, shape (rows, columns); what is missing becomes NaN."""
    import polars as pl

    return frame.select(pl.all().cast(pl.Float64)).to_numpy()


def unreadable(name: str, why: str, fix: str = "") -> ModelError:
    """Return the error for a file that is not the model it should be."""
    return ModelError(
        Finding("PPF402", f"{name} cannot be read as a model: {why}", fix=fix or "save the model again")
    )


def first_line(error: BaseException) -> str:
    """Return what an error of a library says, without its time, its source file and its stack."""
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else ""
    return re.sub(r"^\[[\d:]+\] \S+:\d+: ", "", text).strip() or type(error).__name__

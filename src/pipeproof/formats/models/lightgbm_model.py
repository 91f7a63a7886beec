"""LightGBM: boosters from text, boosters and scikit-learn wrappers from pickle."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.formats.models.model import (
    LABEL,
    PROBABILITY,
    RAW,
    VALUE,
    Model,
    first_line,
    matrix,
    unreadable,
)

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

_UNNAMED = re.compile(r"Column_\d+")


def load(path: Path, name: str) -> Model:
    """Return the model in a text file.

    Raises:
        ModelError: LightGBM cannot read it, or its end is missing.
    """
    import lightgbm

    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise unreadable(name, f"it is no text: {error.reason}") from error
    if "end of trees" not in text:
        # LightGBM reads a cut file without a word and predicts with the trees that are left.
        raise unreadable(name, "the file is cut off before the end of its trees")
    try:
        return adapt(lightgbm.Booster(model_str=text))
    except lightgbm.basic.LightGBMError as error:
        raise unreadable(name, f"LightGBM says: {first_line(error)}") from error


def adapt(made: Any) -> Model:
    """Return a booster, or a wrapper around one, as a model."""
    wrapper = made if hasattr(made, "booster_") else None
    booster = made if wrapper is None else wrapper.booster_
    objective = str(booster.dump_model(num_iteration=1).get("objective", "")).partition(" ")[0]
    names = tuple(booster.feature_name())
    classes = _classes(wrapper, booster, objective)
    return Model(
        "lightgbm",
        (PROBABILITY, LABEL, RAW) if classes else (VALUE, RAW),
        _Predictor(booster, classes),
        features=() if all(_UNNAMED.fullmatch(name) for name in names) else names,
        width=booster.num_feature(),
        classes=classes,
        spell=lambda column: re.sub(r"\s", "_", column),
    )


def _classes(wrapper: Any, booster: Any, objective: str) -> tuple[Any, ...]:
    given = getattr(wrapper, "classes_", None)
    if given is not None:
        return tuple(item.item() if hasattr(item, "item") else item for item in given)
    if objective.startswith("multiclass"):
        return tuple(range(booster.num_model_per_iteration()))
    return (0, 1) if objective == "binary" else ()


class _Predictor:
    """Predicts with one booster, one call at a time."""

    def __init__(self, booster: Any, classes: tuple[Any, ...]) -> None:
        self.booster, self.classes = booster, classes
        self.lock = threading.Lock()

    def __call__(self, frame: pl.DataFrame, output: str) -> np.ndarray[Any, Any]:
        import numpy as np

        with self.lock:
            scores = np.asarray(self.booster.predict(matrix(frame), raw_score=output == RAW))
        if output != LABEL:
            return scores
        best = np.argmax(scores, axis=1) if scores.ndim > 1 else (scores > 0.5).astype(np.int64)  # noqa: PLR2004 the more likely of two
        labels: np.ndarray[Any, Any] = np.asarray(self.classes)[best]
        return labels

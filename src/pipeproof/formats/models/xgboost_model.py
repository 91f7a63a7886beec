"""XGBoost: boosters and scikit-learn wrappers, from JSON, UBJSON or pickle.

What the outputs mean follows the library's own wrapper: the probability of ``multi:softmax`` is the
softmax of its margins, a label of two classes is 1 above a probability of 0.5, and a model that
the wrapper saved after early stopping predicts with its best iteration.
"""

from __future__ import annotations

import json
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


def load(path: Path, name: str) -> Model:
    """Return the model in a JSON or UBJSON file.

    Raises:
        ModelError: XGBoost cannot read it.
    """
    import xgboost

    booster = xgboost.Booster()
    try:
        booster.load_model(bytearray(path.read_bytes()))
        return adapt(booster)
    except (xgboost.core.XGBoostError, ValueError, TypeError) as error:
        raise unreadable(name, f"XGBoost says: {first_line(error)}") from error


def adapt(made: Any) -> Model:
    """Return a booster, or a wrapper around one, as a model."""
    wrapper = made if hasattr(made, "get_booster") else None
    booster = made if wrapper is None else wrapper.get_booster()
    missing = float("nan") if wrapper is None else wrapper.missing
    settings = json.loads(booster.save_config())["learner"]
    objective = settings["objective"]["name"]
    classes = int(settings["learner_model_param"]["num_class"])
    ours = _Predictor(booster, objective, missing, _best(booster, wrapped=wrapper is not None))
    return Model(
        "xgboost",
        _outputs(objective),
        ours,
        features=tuple(booster.feature_names or ()),
        width=booster.num_features(),
        classes=_classes(wrapper, objective, classes),
    )


def _best(booster: Any, *, wrapped: bool) -> int:
    """Return how many iterations to use; 0 means all, as the library's own function takes it."""
    attributes = booster.attributes()
    if (wrapped or "scikit_learn" in attributes) and "best_iteration" in attributes:
        return int(attributes["best_iteration"]) + 1
    return 0


def _outputs(objective: str) -> tuple[str, ...]:
    if objective in {"binary:logistic", "binary:logitraw", "multi:softprob", "multi:softmax"}:
        return (PROBABILITY, LABEL, RAW)
    return (LABEL, RAW) if objective == "binary:hinge" else (VALUE, RAW)


def _classes(wrapper: Any, objective: str, count: int) -> tuple[Any, ...]:
    if not objective.startswith(("binary:", "multi:")):
        return ()
    given = getattr(wrapper, "classes_", None)
    return tuple(range(max(count, 2))) if given is None else tuple(item.item() for item in given)


class _Predictor:
    """Predicts with one booster, one call at a time: XGBoost promises no more for every booster."""

    def __init__(self, booster: Any, objective: str, missing: float, iterations: int) -> None:
        self.booster, self.objective, self.missing = booster, objective, missing
        self.range = (0, iterations)
        self.lock = threading.Lock()

    def __call__(self, frame: pl.DataFrame, output: str) -> np.ndarray[Any, Any]:
        import numpy as np

        if output in {VALUE, RAW}:
            return self._ask(frame, margin=output == RAW)
        scores = self._scores(frame)
        if output == PROBABILITY:
            return scores
        if scores.ndim > 1:
            return np.asarray(np.argmax(scores, axis=1))
        return np.asarray((scores > 0.5).astype(np.int64))  # noqa: PLR2004 the library's own threshold

    def _scores(self, frame: pl.DataFrame) -> np.ndarray[Any, Any]:
        """Return probabilities, from margins where the objective itself gives none."""
        import numpy as np

        if self.objective == "multi:softmax":
            return _softmax(self._ask(frame, margin=True))
        if self.objective == "binary:logitraw":
            return np.asarray(1 / (1 + np.exp(-self._ask(frame, margin=True))))
        return self._ask(frame, margin=False)

    def _ask(self, frame: pl.DataFrame, *, margin: bool) -> np.ndarray[Any, Any]:
        import numpy as np
        import xgboost

        rows = xgboost.DMatrix(
            matrix(frame),
            missing=self.missing,
            feature_names=self.booster.feature_names,
            feature_types=self.booster.feature_types,
            enable_categorical=True,
        )
        with self.lock:
            scores = self.booster.predict(rows, output_margin=margin, iteration_range=self.range)
        return np.asarray(scores)


def _softmax(margin: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    import numpy as np

    powers = np.exp(margin - margin.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))

"""scikit-learn and all that has its interface, from pickle, joblib or skops."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.errors import Finding, ModelError
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


def load_skops(path: Path, name: str, trusted: Sequence[str]) -> Any:
    """Return the object in a skops file.

    Raises:
        ModelError: It holds types that are not trusted, or cannot be read.
    """
    from skops import io

    try:
        unknown = sorted(set(io.get_untrusted_types(file=path)) - set(trusted))
        made = None if unknown else io.load(path, trusted=list(trusted))
    except Exception as error:  # whatever a damaged archive leads to
        raise unreadable(name, f"skops says: {first_line(error)}") from error
    if unknown:
        raise _untrusted(name, unknown, trusted)
    return made


def _untrusted(name: str, unknown: list[str], trusted: Sequence[str]) -> ModelError:
    listed = ", ".join([*trusted, *unknown])
    return ModelError(
        Finding(
            "PPF403",
            f"{name} holds types that skops does not trust: {', '.join(unknown)}",
            fix=f"look at them; if you trust them, write trusted: [{listed}]",
        )
    )


def adapt(made: Any, name: str) -> Model:
    """Return an object with scikit-learn's interface as a model.

    Raises:
        ModelError: It cannot predict.
    """
    if not callable(getattr(made, "predict", None)):
        kind = f"{type(made).__module__}.{type(made).__qualname__}"
        raise unreadable(name, f"it holds a {kind}, which has no predict()", "save the model itself")
    classes = getattr(made, "classes_", None)
    if isinstance(classes, list):
        raise unreadable(name, "it predicts several labels a row, which a model step cannot", "split it")
    names = getattr(made, "feature_names_in_", ())
    return Model(
        "sklearn",
        _outputs(made, classifies=classes is not None),
        _Predictor(made, tuple(map(str, names))),
        features=tuple(map(str, names)),
        width=getattr(made, "n_features_in_", None),
        classes=()
        if classes is None
        else tuple(item.item() if hasattr(item, "item") else item for item in classes),
        takes_text=_prepares(made),
    )


def _outputs(made: Any, *, classifies: bool) -> tuple[str, ...]:
    raw = (RAW,) if hasattr(made, "decision_function") else ()
    if not classifies:
        return (VALUE, *raw)
    return ((PROBABILITY,) if hasattr(made, "predict_proba") else ()) + (LABEL, *raw)


def _prepares(made: Any) -> bool:
    """Say whether a model has steps of its own in front, which may take text."""
    inner = getattr(made, "estimator", None)  # searches and calibrations hold what they fit
    return hasattr(made, "steps") or (inner is not None and _prepares(inner))


class _Predictor:
    """Predicts with one estimator, giving it what it was fitted on: named columns, or numbers alone."""

    def __init__(self, estimator: Any, names: tuple[str, ...]) -> None:
        self.estimator, self.names = estimator, names
        self.takes_text = _prepares(estimator)

    def __call__(self, frame: pl.DataFrame, output: str) -> np.ndarray[Any, Any]:
        import numpy as np

        rows = self._rows(frame)
        if output == PROBABILITY:
            scores = np.asarray(self.estimator.predict_proba(rows))
            return scores[:, 1] if scores.shape[1] == 2 else scores  # noqa: PLR2004 two classes
        if output == RAW:
            return np.asarray(self.estimator.decision_function(rows))
        return np.asarray(self.estimator.predict(rows))

    def _rows(self, frame: pl.DataFrame) -> Any:
        if not self.names:
            numbers = all(kind.is_numeric() for kind in frame.dtypes)
            return matrix(frame) if numbers or not self.takes_text else frame.to_numpy()
        try:
            import pandas as pd
        except ImportError:
            return frame  # scikit-learn takes Polars frames too; only functions inside may not
        if not self.takes_text:
            return pd.DataFrame(matrix(frame), columns=list(self.names))
        return pd.DataFrame({column.name: column.to_numpy() for column in frame})

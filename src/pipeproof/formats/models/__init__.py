"""Models in files: which libraries there are, and how a file becomes a `Model`.

A loader is a record of callables; adding a library is adding one to `LOADERS`.
"""

from __future__ import annotations

import importlib.util
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from pipeproof.digest import digest_file
from pipeproof.errors import Finding, ModelError
from pipeproof.formats.models.detect import form_of, only_model
from pipeproof.formats.models.model import Model, first_line, unreadable

__all__ = ["LOADERS", "MODELS", "Loader", "Model", "ModelCache", "load_model"]

_KEPT = 8  # models that stay in memory; the one that was not used for longest goes first


@dataclass(frozen=True, slots=True)
class Loader:
    """How models of one library become a `Model`.

    Attributes:
        library: What has to be installed.
        extra: The extra of pipeproof that brings it.
        adapt: (unpickled object, name of the file) → model.
        load: (file, its name) → model, for the library's own format if it has one.
    """

    library: str
    extra: str
    adapt: Callable[[Any, str], Model]
    load: Callable[[Path, str], Model] | None = None


def _xgboost(path: Path, name: str) -> Model:
    from pipeproof.formats.models import xgboost_model

    return xgboost_model.load(path, name)


def _adapt_xgboost(made: Any, _name: str) -> Model:
    from pipeproof.formats.models import xgboost_model

    return xgboost_model.adapt(made)


def _lightgbm(path: Path, name: str) -> Model:
    from pipeproof.formats.models import lightgbm_model

    return lightgbm_model.load(path, name)


def _adapt_lightgbm(made: Any, _name: str) -> Model:
    from pipeproof.formats.models import lightgbm_model

    return lightgbm_model.adapt(made)


def _adapt_sklearn(made: Any, name: str) -> Model:
    from pipeproof.formats.models import sklearn_model

    return sklearn_model.adapt(made, name)


LOADERS: dict[str, Loader] = {
    "xgboost": Loader("xgboost", "xgboost", _adapt_xgboost, _xgboost),
    "lightgbm": Loader("lightgbm", "lightgbm", _adapt_lightgbm, _lightgbm),
    "sklearn": Loader("sklearn", "sklearn", _adapt_sklearn),
}
"""``model_type`` → how it is loaded."""


def load_model(path: Path, name: str, kind: str | None = None, trusted: Sequence[str] = ()) -> Model:
    """Return the model in a file, or in a folder that holds one.

    Args:
        path: The file or folder.
        name: Its name as the user knows it.
        kind: The library it should be of; known from the content unless given.
        trusted: Types that a skops file may hold besides those that skops trusts.

    Raises:
        ModelError: It is no model, is damaged or of another library, or a library is missing.
    """
    if path.is_dir():
        path = only_model(path, name)
        name = f"{name}/{path.name}"
    form = form_of(path, name)
    if form in LOADERS:
        _refuse_other(form, kind, name)
        need(form)
        load = LOADERS[form].load
        assert load is not None  # noqa: S101 `form_of` names only libraries with a format of their own
        return load(path, name)
    made = _skops(path, name, trusted) if form == "skops" else _unpickled(path, name, kind)
    found = _library_of(made)
    if kind != "sklearn":  # boosters' wrappers have scikit-learn's interface: they may be called that
        _refuse_other(found, kind, name)
    return LOADERS[found].adapt(made, name)


def need(kind: str) -> None:
    """Make sure that the library of a kind of model is installed.

    Raises:
        ModelError: It is not; says what to install.
    """
    loader = LOADERS[kind]
    if importlib.util.find_spec(loader.library) is None:
        raise _missing(loader.library, loader.extra)


def _missing(library: str, extra: str) -> ModelError:
    return ModelError(
        Finding(
            "PPF404",
            f"the model needs {library}, which is not installed here",
            fix=f"pip install 'pipeproof[{extra}]'" if extra else f"pip install {library}",
        )
    )


def _of_own_code(module: str) -> ModelError:
    # No command to install it: a package of that name in an index may be anybody's.
    fix = (
        "if it is code of yours, move it to a module in the project's folder that training imports by that name too; "
        "if it is a library, install the one that it was trained with"
    )
    what = f"the model was saved with code of the module {module!r}, which cannot be imported here"
    return ModelError(Finding("PPF404", what, fix=fix))


def _refuse_other(found: str, wanted: str | None, name: str) -> None:
    if wanted is not None and wanted != found:
        raise ModelError(
            Finding(
                "PPF402",
                f"{name} is a model of {found}, model_type says {wanted}",
                fix=f"write model_type: {found}, or name another file",
            )
        )


def _library_of(made: Any) -> str:
    roots = {base.__module__.partition(".")[0] for base in type(made).__mro__}
    return next((kind for kind, loader in LOADERS.items() if loader.library in roots), "sklearn")


def _skops(path: Path, name: str, trusted: Sequence[str]) -> Any:
    from pipeproof.formats.models import sklearn_model

    if importlib.util.find_spec("skops") is None:
        raise _missing("skops", "sklearn")
    return sklearn_model.load_skops(path, name, trusted)


def _unpickled(path: Path, name: str, kind: str | None) -> Any:
    if kind is not None:
        need(kind)
    try:
        if importlib.util.find_spec("joblib") is not None:
            import joblib

            return joblib.load(path)
        import pickle

        with path.open("rb") as file:
            return pickle.load(file)  # noqa: S301 the name that the user gave says that it is a pickle, see `form_of`
    except ModuleNotFoundError as error:
        library = str(error.name).partition(".")[0]
        known = next((item for item in LOADERS.values() if item.library == library), None)
        if known is None:
            raise _of_own_code(str(error.name)) from error
        raise _missing(library, known.extra) from error
    except Exception as error:  # unpickling runs whatever the file says
        raise unreadable(name, f"unpickling says: {first_line(error)}") from error


class ModelCache:
    """The models that were read last, by content; safe for threads, one reading for the same content.

    Args:
        load: Reads a model that is not there yet.
        kept: How many stay.
    """

    def __init__(self, load: Callable[..., Model] = load_model, kept: int = _KEPT) -> None:
        self._load, self._kept = load, kept
        self._models: OrderedDict[tuple[Any, ...], Future[Model]] = OrderedDict()
        self._lock = Lock()

    def get(
        self,
        path: Path,
        name: str,
        kind: str | None = None,
        trusted: Sequence[str] = (),
        *,
        digest: str = "",
    ) -> Model:
        """Return the model in a file; `digest` names its content where that is known already.

        Raises:
            ModelError: It cannot be read; the next call tries again.
        """
        key = (digest or _digest(path), kind, tuple(trusted))
        with self._lock:
            promised = self._models.get(key)
            mine = promised is None
            model = self._models[key] = promised or Future()
            self._models.move_to_end(key)
            while len(self._models) > self._kept:
                self._models.popitem(last=False)
        if mine:
            self._fill(key, model, lambda: self._load(path, name, kind, trusted))
        return model.result()

    def _fill(self, key: tuple[Any, ...], model: Future[Model], load: Callable[[], Model]) -> None:
        try:
            model.set_result(load())
        except BaseException as error:  # noqa: BLE001 whoever waits for this model must hear of it
            with self._lock:
                self._models.pop(key, None)
            model.set_exception(error)


def _digest(path: Path) -> str:
    return digest_file(only_model(path, path.name) if path.is_dir() else path)


MODELS = ModelCache()
"""The models of this process."""

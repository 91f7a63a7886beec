"""What a person may name as a pipeline: a file, a folder, ``module:attribute``, a name, a value."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeproof.errors import ConfigError, Finding, Location, UsageError, suggest
from pipeproof.loading.build import load_file
from pipeproof.loading.loaded import Loaded
from pipeproof.loading.places import Places, find_pipeline_file, places_for
from pipeproof.model.pipeline import Pipeline
from pipeproof.plugins import Kinds

_ATTRIBUTE = re.compile(r"(?P<module>[\w./\\-]+):(?P<name>[A-Za-z_]\w*)\Z")


def load_target(
    target: str | Path | Pipeline, kinds: Kinds, environment: Mapping[str, str]
) -> tuple[Loaded, Places]:
    """Return what a person named, loaded, with the places around it.

    Raises:
        UsageError: There is no such file, name, module or attribute.
        ConfigError: The file cannot be read at all; other problems are in `Loaded.findings`.
    """
    here = Path.cwd()
    if isinstance(target, Pipeline):
        return Loaded(target), places_for(Path(target.root))
    match = _ATTRIBUTE.match(str(target))
    if match and not Path(target).exists():
        pipeline, file = _from_module(match["module"], match["name"], here)
        places = places_for(file or here)
        return Loaded(_rooted(pipeline, places)), places
    file = find_pipeline_file(str(target), here).resolve()
    places = places_for(file)
    return load_file(file, places, kinds, environment), places


def _rooted(pipeline: Pipeline, places: Places) -> Pipeline:
    from dataclasses import replace

    return replace(pipeline, root=str(places.project)) if pipeline.root == "." else pipeline


def _from_module(name: str, attribute: str, here: Path) -> tuple[Pipeline, Path | None]:
    module = _import(name, here)
    known = [key for key, value in vars(module).items() if isinstance(value, Pipeline)]
    found: Any = getattr(module, attribute, None)
    if callable(found) and not isinstance(found, Pipeline):
        found = found()
    if not isinstance(found, Pipeline):
        what = (
            f"{name} has no pipeline {attribute!r}" if found is None else f"{name}:{attribute} is no Pipeline"
        )
        raise UsageError(
            Finding(
                "PPF109", what, fix=suggest(attribute, known) or "make one with Pipeline(name, steps=[...])"
            )
        )
    file = getattr(module, "__file__", None)
    return found, Path(file) if file else None


def _import(name: str, here: Path) -> Any:
    try:
        with _importable(here):
            if name.endswith(".py"):
                return _import_file(here / name)
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        fix = "run from the folder that holds it, or name the file: path/to/file.py:pipeline"
        raise UsageError(
            Finding("PPF109", f"the module {name!r} cannot be imported: {error}", fix=fix)
        ) from error
    except ConfigError:
        raise
    except Exception as error:
        where = _where(error)
        what = f"importing {name!r} failed: {type(error).__name__}: {error}"
        raise UsageError(
            Finding("PPF109", what, where, fix="correct the module; --debug shows the traceback")
        ) from error


def _import_file(path: Path) -> Any:
    if not path.is_file():
        raise UsageError(Finding("PPF109", f"there is no file {path}", fix="check the path"))
    known = sys.modules.get(path.stem)
    if known is not None and getattr(known, "__file__", None) == str(path.resolve()):
        return known
    spec = importlib.util.spec_from_file_location(path.stem, path.resolve())
    assert spec is not None  # noqa: S101 a .py path always has a loader
    assert spec.loader is not None  # noqa: S101 the same
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def _importable(here: Path) -> Iterator[None]:
    if str(here) not in sys.path:
        sys.path.insert(0, str(here))
    yield


def _where(error: BaseException) -> Location | None:
    trace = error.__traceback__
    place = None
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith("<") and "importlib" not in file:
            place = Location(file, trace.tb_lineno)
        trace = trace.tb_next
    return place

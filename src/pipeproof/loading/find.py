"""What a person may name as a pipeline: a file, a folder, ``module:attribute``, a name, a value."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import re
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeproof.errors import ConfigError, Finding, Location, UsageError, suggest
from pipeproof.importing import importing
from pipeproof.loading.build import load_file
from pipeproof.loading.loaded import Loaded
from pipeproof.loading.places import Places, find_pipeline_file, is_there, places_for, shorten
from pipeproof.model.contract import frozen
from pipeproof.model.pipeline import Pipeline
from pipeproof.plugins import Kinds

_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})
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
        places = places_for(Path(target.root))
        return Loaded(_rooted(target, places)), places
    match = _ATTRIBUTE.match(str(target))
    if match and not is_there(Path(target)):
        pipeline, file = _from_module(match["module"], match["name"], here)
        places = places_for(file or here)
        return Loaded(_rooted(pipeline, places), origin=str(target)), places
    file = find_pipeline_file(str(target), here).resolve()
    places = places_for(file)
    origin = str(file.relative_to(places.project) if file.is_relative_to(places.project) else file)
    return replace(load_file(file, places, kinds, environment), origin=origin), places


def _rooted(pipeline: Pipeline, places: Places) -> Pipeline:
    """Return a pipeline made in Python with its relative paths found as those of a file are."""
    if pipeline.root != ".":
        return pipeline
    here = places.project / "pipeline.py"
    sources = {
        name: replace(source, path=places.lead(source.path, here)) if source.path else source
        for name, source in pipeline.sources.items()
    }
    targets = {
        name: replace(target, path=str(places.project / target.path))
        for name, target in pipeline.targets.items()
    }
    return replace(pipeline, sources=frozen(sources), targets=frozen(targets), root=str(places.project))


def _from_module(name: str, attribute: str, here: Path) -> tuple[Pipeline, Path | None]:
    with _located(f"importing {name!r} failed"):
        module = _import(name, here)
    file = getattr(module, "__file__", None)
    known = [key for key, value in vars(module).items() if isinstance(value, Pipeline)]
    found: Any = getattr(module, attribute, None)
    if callable(found) and not isinstance(found, Pipeline):
        with _located(f"calling {name}:{attribute} failed"):
            found = found()
    if not isinstance(found, Pipeline):
        is_there = hasattr(module, attribute)
        what = f"{name}:{attribute} is no Pipeline" if is_there else f"{name} has no pipeline {attribute!r}"
        fix = suggest(attribute, known) or "make one with Pipeline(name, steps=[...])"
        where = Location(shorten(Path(file))) if file else None
        raise UsageError(Finding("PPF109", what, where, fix=fix))
    return found, Path(file) if file else None


@contextlib.contextmanager
def _located(what: str) -> Iterator[None]:
    """Turn whatever a person's code raises into an error at their line."""
    try:
        yield
    except UsageError:
        raise
    except ConfigError as error:
        where = _where(error)
        raise ConfigError(*(finding.at(where) for finding in error.findings)) from error
    except (Exception, SystemExit) as error:
        said = f"{what}: {type(error).__name__}: {error}"
        fix = "correct the module; `python` with the same file shows the whole traceback"
        raise UsageError(Finding("PPF109", said, _where(error), fix=fix)) from error


def _import(name: str, here: Path) -> Any:
    _make_importable(here)
    if name.endswith(".py"):
        return _import_file((here / name).resolve(), name)
    try:
        with importing(name):
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # the module is there; it is one of its own imports that is not
        fix = "run from the folder that holds it, or name the file: path/to/file.py:pipeline"
        raise UsageError(
            Finding("PPF109", f"the module {name!r} cannot be imported: {error}", fix=fix)
        ) from error


def _import_file(path: Path, given: str) -> Any:
    if not path.is_file():
        raise UsageError(Finding("PPF109", f"there is no file {given}", fix="check the path"))
    _make_importable(path.parent)
    name = _module_name(path)
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__file__", None) == str(path):
        return known
    if known is not None or name in sys.stdlib_module_names:
        what = f"{given} has the name of the module {name!r}, which is in use"
        raise UsageError(Finding("PPF109", what, Location(given), fix="rename the file"))
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # noqa: S101 a .py path always has a loader
    assert spec.loader is not None  # noqa: S101 the same
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with importing(given):
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _module_name(path: Path) -> str:
    """Return the name by which a worker, who imports from the project's folder, finds a file too."""
    project = places_for(path).project
    parts = path.relative_to(project).with_suffix("").parts if path.is_relative_to(project) else (path.stem,)
    return ".".join(parts) if all(part.isidentifier() for part in parts) else path.stem


def _make_importable(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _where(error: BaseException) -> Location | None:
    """Return the innermost place of a traceback in a person's own code."""
    if isinstance(error, SyntaxError) and error.filename:
        return Location(shorten(Path(error.filename)), error.lineno or 0, error.offset or 0)
    ours = str(Path(__file__).parents[1])
    trace, place = error.__traceback__, None
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith(("<", ours)) and not file.startswith(_LIBRARIES):
            place = Location(shorten(Path(file)), trace.tb_lineno)
        trace = trace.tb_next
    return place

"""Settings of a project: the file ``pipeproof.yaml`` in its folder, or in the workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pipeproof.errors import ConfigError, Finding, Location
from pipeproof.loading.places import SETTINGS_FILES, Places, shorten
from pipeproof.model.contract import frozen

Fallback = Literal["none", "local"]


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where state and objects are kept.

    Attributes:
        state: Address of the state; may hold a password, so it is no part of what is shown.
        objects: Address of the objects; the same.
        fallback: What stands in for a store that cannot be reached.
        places: Key → where it is written, for what turns out to be wrong later.
    """

    state: str = field(default="local", repr=False)
    objects: str = field(default="local", repr=False)
    fallback: Fallback = "none"
    places: Mapping[str, Location] = field(default_factory=frozen, compare=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a project.

    Attributes:
        store: Where state and objects are kept.
        file: The file that they were read from, or None when there is none.
    """

    store: StoreSettings = field(default_factory=StoreSettings)
    file: Path | None = None


def find_settings_file(places: Places) -> Path | None:
    """Return the file of settings that counts: the project's, else the workspace's, or None.

    Raises:
        ConfigError: A folder has two of them.
    """
    for folder in (places.project, *([places.workspace] if places.workspace else [])):
        found = [folder / name for name in SETTINGS_FILES if (folder / name).is_file()]
        if len(found) > 1:
            what = f"there are two files of settings, {found[0].name} and {found[1].name}"
            raise ConfigError(Finding("PPF105", what, Location(shorten(folder)), fix="remove one of them"))
        if found:
            return found[0]
    return None


def load_settings(places: Places, environment: Mapping[str, str]) -> Settings:
    """Return the settings of a project; without a file, those that need none.

    Args:
        places: Where the project is.
        environment: Fills in ``${NAME}``.

    Raises:
        ConfigError: The file cannot be read or is wrong; has every problem, located.
    """
    path = find_settings_file(places)
    return Settings() if path is None else _read(path, environment)


def _read(path: Path, environment: Mapping[str, str]) -> Settings:
    # Whoever has no such file pays for no pydantic.
    from pipeproof.loading.interpolate import interpolate
    from pipeproof.loading.settings_spec import SettingsSpec
    from pipeproof.loading.text import parse, read_text
    from pipeproof.loading.validate import validate

    text = read_text(path, shorten(path))
    if not any(line.partition("#")[0].strip() for line in text.splitlines()):
        return Settings(file=path)  # nothing is set: all of it is commented out
    node = parse(text, shorten(path))
    if node.get(("workflow",)) is not None:
        what = f"{path.name} holds a pipeline; it is the file of the project's settings"
        raise ConfigError(Finding("PPF105", what, node.where, fix="give the pipeline another name"))
    problems = interpolate(node, environment)
    spec = validate(SettingsSpec, node.plain, node, (), problems, what="the settings")
    if problems or spec is None:
        raise ConfigError(*problems)
    keys = {key: node.locate(("store", key)) for key in ("state", "objects", "fallback")}
    store = StoreSettings(spec.store.state, spec.store.objects, spec.store.fallback, frozen(keys))
    return Settings(store, path)

"""``${NAME}`` and ``${NAME:-default}`` in configuration values, from the environment.

``${secret:NAME}`` is left alone where it may stand, under the ``env:`` of a step and under ``snowpark:``:
it is resolved where the code starts, and never printed. Anywhere else it would become part of keys,
records and logs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeproof.errors import Finding, Location
from pipeproof.loading.node import Node, Path
from pipeproof.loading.text import resolve

_REFERENCE = re.compile(r"\$\$|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")
SECRET = re.compile(r"\$\{secret:(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}")
_BAD = re.compile(r"\$\{(?!secret:[A-Za-z_][A-Za-z0-9_]*\})[^}]*\}?")


def interpolate(node: Node, environment: Mapping[str, str]) -> list[Finding]:
    """Fill environment variables into every text below `node` and return what has no value.

    A value that is one reference and nothing else takes the type its text has in YAML, so that
    ``port: ${PORT}`` is a number.
    """
    missing: dict[str, list[Location]] = {}
    problems: list[Finding] = []
    for path, leaf in node.walk():
        if isinstance(leaf.value, str) and "$" in leaf.value:
            if SECRET.search(leaf.value) and not _may_be_secret(path):
                problems.append(_misplaced(leaf))
            _fill(leaf, environment, missing, problems)
    for name, places in missing.items():
        used = f" (used in {len(places)} places)" if len(places) > 1 else ""
        problems.append(
            Finding(
                "PPF131",
                f"${{{name}}} has no value{used}",
                places[0],
                fix=f"export it or write ${{{name}:-default}}",
            )
        )
    return problems


def _may_be_secret(path: Path) -> bool:
    return path[:1] == ("snowpark",) or (path[:2] == ("workflow", "steps") and path[3:4] == ("env",))


def _misplaced(leaf: Node) -> Finding:
    fix = "give it to the step as an environment variable: under `env:` of the step, NAME: ${secret:NAME}"
    return Finding("PPF134", "a secret stands where it would be kept with the run", leaf.where, fix=fix)


def _fill(
    leaf: Node,
    environment: Mapping[str, str],
    missing: dict[str, list[Location]],
    problems: list[Finding],
) -> None:
    text = leaf.value
    rest = _REFERENCE.sub("", text)
    if bad := _BAD.search(rest):
        fix = "write ${NAME}, ${NAME:-default} or ${secret:NAME}; $$ is a dollar sign"
        problems.append(Finding("PPF105", f"{bad.group()!r} is no reference", leaf.where, fix=fix))
        return

    def value(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return "$"
        found = environment.get(name)
        # As in a shell, ${NAME:-default} also stands in for an empty value.
        if not found and match["default"] is not None:
            return match["default"]
        if found is None:
            missing.setdefault(name, []).append(leaf.where)
            return ""
        return found

    filled = _REFERENCE.sub(value, text)
    if filled != text:
        alone = _REFERENCE.fullmatch(text) is not None and text != "$$"
        # A variable that is set to nothing is an empty text; ${NAME:-} is nothing at all, a missing value.
        typed = alone and (filled or ":-" in text)
        leaf.was, leaf.value = text, resolve(filled) if typed else filled

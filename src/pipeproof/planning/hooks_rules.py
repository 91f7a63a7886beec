"""Static rules about hooks: the file is there, and has the function."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from pipeproof.errors import Finding, suggest
from pipeproof.model.hook import MOMENTS, Hook
from pipeproof.model.pipeline import Pipeline


def hooks_that_cannot_be(pipeline: Pipeline) -> Iterator[Finding]:
    """Yield hooks whose file is not there, or has no such function; modules are looked for when they are called."""
    root = Path(pipeline.root)
    for moment in MOMENTS:
        for hook in pipeline.hooks.at(moment):
            yield from _findings(hook, root, f"the hook {moment}", "", ("workflow", "hooks", moment))
    for step in pipeline.steps:
        for key, hooks in (("before", step.before), ("after", step.after)):
            for hook in hooks:
                yield from _findings(hook, root, f"the hook {key} step {step.name!r}", step.name, (key,))


def _findings(hook: Hook, root: Path, what: str, step: str, path: tuple[str, ...]) -> Iterator[Finding]:
    file, mark, name = hook.function.rpartition(":")
    file = file if mark else hook.function
    if not file.endswith(".py"):
        if not mark:
            fix = "write file.py:function, module:function, or the path of a script"
            yield Finding(
                "PPF570", f"{what} names {hook.function!r}, which is neither", step=step, path=path, fix=fix
            )
        return
    place = root / file
    if not place.is_file():
        yield Finding(
            "PPF570", f"{what}: there is no file {file}", step=step, path=path, fix=f"looked in {root}"
        )
        return
    known = _functions(place)
    if mark and known is not None and name not in known:
        fix = suggest(name, known) or "write the function"
        yield Finding("PPF570", f"{what}: {file} has no function {name!r}", step=step, path=path, fix=fix)


def _functions(path: Path) -> set[str] | None:
    """Return the names that a file defines or imports; None when it cannot be parsed."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return None
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names

"""The code that steps reach, as their keys are made of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipeproof.digest import digest_file
from pipeproof.model.step import Step
from pipeproof.ports import Code, StepKind


def code_of(root: Path) -> Callable[[Step, StepKind], Code]:
    """Return the function that gives the code of a step; a file is read once."""
    return lambda step, kind: Code(
        {str(path): digest_file(path) for path in kind.code(step, root) if path.is_file()}
    )

"""A finding code as it is documented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import dedent, indent
from types import MappingProxyType

PIPELINE = "pipeline.yaml"
_HEAD = "workflow:\n  name: demo\n  steps:\n"


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Code:
    """A finding code as it is documented.

    Attributes:
        code: ``PPF`` and three digits; the first one tells the area.
        title: What it says, in a few words.
        why: Why it is wrong, or what follows from it.
        fix: What to do.
        example: Something small that gives it, in words or as lines to type.
        files: File name → text; with these files in a folder, ``pipeproof check pipeline.yaml`` gives the code.
    """

    code: str
    title: str
    why: str
    fix: str
    example: str = ""
    files: Mapping[str, str] = field(default_factory=_nothing)


def steps(body: str, **beside: str) -> Mapping[str, str]:
    """Return the files of an example: a pipeline with these steps, and what stands beside it.

    Args:
        body: The steps as YAML.
        **beside: Text of other files; in their names, two underscores are a dot.
    """
    pipeline = _HEAD + indent(dedent(body).strip("\n"), "    ") + "\n"
    return files(pipeline, **beside)


def files(pipeline: str, **beside: str) -> Mapping[str, str]:
    """Return the files of an example: a pipeline file and what stands beside it.

    Args:
        pipeline: Text of the pipeline file.
        **beside: Text of other files; in their names, two underscores are a dot.
    """
    others = {name.replace("__", "."): dedent(text).lstrip("\n") for name, text in beside.items()}
    return MappingProxyType({PIPELINE: dedent(pipeline).lstrip("\n"), **others})

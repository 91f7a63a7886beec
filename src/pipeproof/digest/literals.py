"""Files and modules of the project that texts in code name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from pipeproof.digest.finding import Finder
from pipeproof.digest.modules import read_module

_MODULE = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(:[A-Za-z_][\w.]*)?")
_LONGEST = 300


def named_files(text: str, file: Path, root: Path, finder: Finder) -> Iterator[Path]:
    """Yield the files that a text may name: absolute, from the root, or from the code's folder and those above."""
    text = text.removeprefix("./").strip()
    if ".py:" in text:
        text = text.partition(":")[0]
    if not text or len(text) > _LONGEST or "\n" in text or "\0" in text:
        return
    if text.startswith("/"):
        if Path(text).is_file():
            yield Path(text)
        # The constant end of `str(folder) + "/x.csv"` begins with a slash too.
        text = text.lstrip("/")
    first = text.partition("/")[0]
    for folder in _folders(file, root):
        if (first == ".." or first in finder.listing(folder)) and (folder / text).is_file():
            yield Path(os.path.normpath(folder / text))


def _folders(file: Path, root: Path) -> Iterator[Path]:
    yield root
    if not file.is_relative_to(root):
        yield file.parent
        return
    for folder in file.parents:
        if folder == root:
            return
        yield folder


def named_module(text: str, finder: Finder) -> Path | None:
    """Return the module that a text names as `lib.plugins:Thing` or `lib.plugins.Thing`, None when it names none."""
    if len(text) > _LONGEST or not ("." in text or ":" in text):
        return None
    match = _MODULE.fullmatch(text)
    if match is None:
        return None
    dotted, asked = match[1], match[2]
    found = finder.find(dotted)
    if found is not None and found.file is not None:
        return found.file
    module, _, name = dotted.rpartition(".")
    if asked or not module:
        return None
    found = finder.find(module)
    if found is None or found.file is None:
        return None
    return found.file if name in read_module(found.file).names else None

"""The shape that all texts of a column have: a named format, or a regular expression."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeproof.contracts.text_formats import TEXT_FORMATS

if TYPE_CHECKING:
    import polars as pl

_NAMED = ("uuid", "email", "ipv4", "ipv6", "uri", "iban", "phone")
"""Formats that values tell by themselves; `country`, say, is any two letters."""
_MOST_CODE = 24  # characters of a code; what is longer is text that people write
_FEW = 5  # different values below which a shape says nothing
_RUN = re.compile(r"A+|a+|9+|.", re.DOTALL)
_CLASSES = {"A": "[A-Z]", "a": "[a-z]", "9": "[0-9]"}
_MEANING = frozenset(r".^$*+?{}[]\|()")
_ODD = re.compile(r"[^Aa9 _./:#-]")


@dataclass(frozen=True, slots=True)
class Common:
    """What all texts of a column are like; both are None for texts without a common shape."""

    format: str | None = None
    pattern: str | None = None


def common_to(texts: pl.Series) -> Common:
    """Return what is common to different texts, none of them missing.

    Codes that are all built alike, run by run, have a pattern for each run; codes of few kinds of characters
    have one pattern for all. Texts with spaces between letters are language, and have none.
    """
    if len(texts) < _FEW:
        return Common()
    named = next((name for name in _NAMED if texts.str.contains(f"^(?:{TEXT_FORMATS[name]})$").all()), None)
    if named == "phone" and not texts.str.starts_with("+").all():
        named = None  # digits alone are any code
    if named is not None:
        return Common(format=named)
    longest = texts.str.len_chars().max()
    if not isinstance(longest, int) or longest > _MOST_CODE or texts.str.contains(r"\p{L} +\p{L}").any():
        return Common()
    shapes = _shapes(texts)
    if any(_ODD.search(shape) for shape in shapes) or not any("9" in s or _is_upper(s) for s in shapes):
        return Common()  # letters of other alphabets, and words in small letters, are no codes
    return Common(pattern=_by_runs(shapes) or _by_kinds(shapes))


def _is_upper(shape: str) -> bool:
    return "A" in shape and "a" not in shape


def _shapes(texts: pl.Series) -> list[str]:
    """Return the different shapes: `A` for a capital letter, `a` for a small one, `9` for a digit."""
    kinds = texts.str.replace_all("[A-Z]", "A").str.replace_all("[a-z]", "a").str.replace_all("[0-9]", "9")
    return sorted(kinds.unique().to_list())


def _by_runs(shapes: Sequence[str]) -> str | None:
    """Return the pattern of texts whose runs follow each other alike, or None."""
    split = [_RUN.findall(shape) for shape in shapes]
    kinds = {tuple(run[0] for run in runs) for runs in split}
    if len(kinds) != 1:
        return None
    return "".join(_run({len(run) for run in runs}, runs[0][0]) for runs in zip(*split, strict=True))


def _run(lengths: set[int], kind: str) -> str:
    return _CLASSES.get(kind, _escaped(kind)) + _times(min(lengths), max(lengths))


def _escaped(sign: str) -> str:
    return f"\\{sign}" if sign in _MEANING else sign


def _times(least: int, most: int) -> str:
    if least == most:
        return "" if least == 1 else f"{{{least}}}"
    return f"{{{least},{most}}}"


def _by_kinds(shapes: Sequence[str]) -> str | None:
    """Return the pattern of texts of capital letters, digits and signs, whatever their order; None with others."""
    used = set("".join(shapes))
    if " " in used or "a" in used:
        return None
    letters = "".join(mark for kind, mark in (("A", "A-Z"), ("9", "0-9")) if kind in used)
    signs = "".join(sorted(used - set("A9"), key=lambda sign: sign == "-"))  # a dash at the end is one
    lengths = {len(shape) for shape in shapes}
    return f"[{letters}{signs}]{_times(min(lengths), max(lengths))}"

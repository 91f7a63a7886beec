"""Kinds of personal data: what columns that hold them are called, and what is left of a value when it is shown.

Pure, so that whoever reports a value can ask: the readers of files below as well as the checks above.
`data/privacy` looks at the values of whole tables.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, Literal, get_args

from pipeproof.contracts.personal_names import ABOUT, HINTING, TELLING
from pipeproof.model.artifact import NONE as NONE  # noqa: PLC0414 whoever asks for kinds finds it here
from pipeproof.model.contract import TableSchema

Kind = Literal[
    "email",
    "phone",
    "card",
    "bank",
    "national_id",
    "ip",
    "name",
    "address",
    "birth_date",
    "location",
    "url",
    "personal",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""`url` is an address with a secret in it, `personal` what a contract calls so without saying what it is."""

HIDDEN = "…"
_LONGEST_SHAPE = 40  # characters; a longer value is free text, whose shape says nothing
_YEAR = re.compile(r"(?P<year>(?:18|19|20)\d\d)(?=-\d\d?-\d\d?|/\d\d?/\d\d?|\d{4}$|$)")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def _phrases(text: str) -> dict[tuple[str, ...], Kind]:
    """Return phrase → kind of a list in `personal_names`, in which a line that is set in goes on."""
    found: dict[tuple[str, ...], Kind] = {}
    for line in text.strip().replace("\n    ", " ").splitlines():
        said, _, phrases = line.partition(": ")
        kind = next(kind for kind in KINDS if kind == said)
        found |= {tuple(phrase.split()): kind for phrase in phrases.split(", ")}
    return found


_TELLING, _HINTING = _phrases(TELLING), _phrases(HINTING)
_ABOUT = frozenset(ABOUT.replace(",", " ").split())
_LONGEST_PHRASE = max(map(len, _TELLING))


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a column's name: `emailAddress`, `E-Mail_Address` and `email address` have the same."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return tuple(word.lower() for word in _WORDS.findall(plain))


@lru_cache(maxsize=4096)
def kind_by_name(name: str) -> Kind | None:
    """Return the kind of personal data that a column's name alone tells, or None.

    Words such as `name` or `address`, which other things have too, do not tell: see `hinted_kinds`.
    """
    words = words_of(name)
    for size in range(min(len(words), _LONGEST_PHRASE), 0, -1):
        for start in range(len(words) - size + 1):
            kind = _TELLING.get(words[start : start + size])
            rest = {*words[:start], *words[start + size :]}
            if kind is not None and not rest & _ABOUT:
                return kind
    return None


@lru_cache(maxsize=4096)
def hinted_kinds(name: str) -> frozenset[Kind]:
    """Return the kinds that a name hints at, which the values or the other columns must bear out."""
    words = words_of(name)
    parts = (words[start : start + size] for size in (1, 2) for start in range(len(words)))
    return frozenset(_HINTING[part] for part in parts if part in _HINTING)


def kind_in_contract(said: str) -> Kind | None:
    """Return the kind that `privacy:` of a contract names: a kind, a common word for one, or something of its own.

    None where nothing is said, and where `none` says that there is no personal data.
    """
    if said in {"", NONE}:
        return None
    known = next((kind for kind in KINDS if kind == said), None)
    return known or kind_by_name(said) or "personal"


def kind_of_column(name: str, schema: TableSchema | None = None) -> str | None:
    """Return the kind of personal data in a column as its contract says, or where that says nothing its name.

    None where neither says anything; `none` where the contract says that there are none.
    """
    for column in schema.columns if schema else ():
        if column.name == name and column.privacy:
            return kind_in_contract(column.privacy) or NONE
    return kind_by_name(name)


def mask_value(value: Any, kind: str) -> str:
    """Return what may be shown of a value: enough to see what is wrong with it, not whose it is.

    Of an e-mail address the first letter and the `@`, of a date of birth the year, of numbers and ids their
    shape with `#` for each digit and `x` for each letter; of all else the shape without its lengths.
    """
    text = value if isinstance(value, str) else str(value)
    if not text.strip() or kind == NONE:
        return text
    if kind == "email":
        alone = text.find("@") > 0 and not any(map(str.isspace, text))
        return f"{text[0]}{HIDDEN}@{HIDDEN}" if alone else HIDDEN
    if kind == "birth_date":
        year = _YEAR.match(text)
        return f"{year['year']}-{HIDDEN}" if year and len(text) > len(year["year"]) else HIDDEN
    if kind == "url":
        scheme = re.match(r"https?://", text)
        return f"{scheme[0] if scheme else ''}{HIDDEN}"
    if kind in {"phone", "card", "bank", "national_id", "ip"} and len(text) <= _LONGEST_SHAPE:
        return _shape(text)
    return HIDDEN


def _shape(text: str) -> str:
    return "".join("#" if one.isnumeric() else "x" if one.isalpha() else one for one in text)

"""What kind of trouble a finding code is, in the words in which people look for whom to ask."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Class = Literal["import", "data", "schema", "resource", "configuration", "code", "environment", "internal"]

_CODES: Mapping[str, Class] = MappingProxyType(
    {
        "PPF152": "schema",
        "PPF201": "code",
        "PPF202": "resource",
        "PPF203": "code",
        "PPF204": "code",
        "PPF205": "resource",
        "PPF207": "code",
        "PPF208": "data",
        "PPF209": "import",
        "PPF210": "environment",
        "PPF211": "environment",
        "PPF212": "environment",
        "PPF213": "environment",
        "PPF240": "code",
        "PPF241": "data",
        "PPF242": "data",
        "PPF243": "environment",
        "PPF244": "environment",
        "PPF299": "internal",
        "PPF301": "schema",
        "PPF302": "schema",
        "PPF304": "schema",
        "PPF306": "configuration",
        "PPF307": "schema",
        "PPF309": "configuration",
        "PPF312": "schema",
        "PPF313": "schema",
        "PPF404": "import",
        "PPF602": "code",
        "PPF603": "environment",
        "PPF605": "configuration",
        "PPF606": "code",
        "PPF607": "environment",
    }
)
_AREAS: Mapping[str, Class] = MappingProxyType(
    {"1": "configuration", "2": "code", "3": "data", "4": "data", "5": "environment", "6": "data"}
)


def class_of(code: str) -> Class:
    """Return what kind of trouble a code is; those without a word of their own are what their area is."""
    return _CODES.get(code) or _AREAS.get(code.removeprefix("PPF")[:1], "internal")

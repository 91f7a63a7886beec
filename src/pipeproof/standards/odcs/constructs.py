"""Every key of the standard, and what becomes of it: what is read into rules, and what is kept and why.

The keys are those of the JSON Schema of version 3.2.0, which has all of 3.0 and 3.1; tests hold this table
against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pipeproof.standards.notes import Notes, Path
from pipeproof.standards.odcs.custom import foreign

DOCUMENTS = "documents"
"""Says nothing that data could break."""
READ = ""
"""Is read into rules."""

_ABOUT = "id businessName deprecated synonyms authoritativeDefinitions tags"
_OPERATORS = (
    "mustBe mustNotBe mustBeGreaterThan mustBeGreaterOrEqualTo mustBeLessThan mustBeLessOrEqualTo "
    "mustBeBetween mustNotBeBetween"
)
_RANGE = "minimum maximum exclusiveMinimum exclusiveMaximum"


def _table(read: str, documents: str = "", **kept: str) -> Mapping[str, str]:
    """Return what becomes of keys: those that are read, those that document, and why others are kept."""
    known = dict.fromkeys(read.split(), READ) | dict.fromkeys(documents.split(), DOCUMENTS)
    return MappingProxyType(known | kept)


CONTRACT = _table(
    "apiVersion kind schema slaProperties slaDefaultElement customProperties",
    "version id name tenant tags status servers dataProduct description domain context support price team "
    "roles authoritativeDefinitions contractCreatedTs",
)
OBJECT = _table(
    "name description properties relationships quality customProperties",
    f"{_ABOUT} logicalType physicalType physicalName dataGranularityDescription context",
)
PROPERTY = _table(
    "name description physicalType physicalName primaryKey primaryKeyPosition semanticType logicalType "
    "logicalTypeOptions required unique enum relationships quality properties items customProperties",
    f"{_ABOUT} partitioned partitionKeyPosition classification transformSourceObjects transformLogic "
    "transformDescription examples criticalDataElement",
    encryptedName="names another column; whether it is encrypted is not looked at",
    map="maps have no columns to check",
)
QUALITY = _table(
    f"type metric rule arguments query unit severity name engine implementation customProperties {_OPERATORS}",
    "authoritativeDefinitions businessImpact description dimension method tags id",
    schedule="rules are asked whenever data are checked",
    scheduler="rules are asked whenever data are checked",
)
RELATIONSHIP = _table("from to customProperties", "id type")
SLA = _table(
    "property value unit element",
    "id driver description authoritativeDefinitions customProperties",
    valueExt="has no meaning for the age of data",
    scheduler="the age is asked whenever data are checked",
    schedule="the age is asked whenever data are checked",
)
ENUM = _table("value", "label id description customProperties authoritativeDefinitions tags")

_ZONES = "timestamps are compared in UTC"
OPTIONS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "string": _table("minLength maxLength pattern format"),
        "date": _table(_RANGE, format="how dates are written as text is not looked at"),
        "timestamp": _table(
            _RANGE,
            format="how times are written as text is not looked at",
            timezone=_ZONES,
            defaultTimezone=_ZONES,
        ),
        "time": _table(
            _RANGE,
            format="how times are written as text is not looked at",
            timezone=_ZONES,
            defaultTimezone=_ZONES,
        ),
        "integer": _table(f"{_RANGE} multipleOf format"),
        "number": _table(f"{_RANGE} multipleOf", format="how many bits a number takes is not looked at"),
        "object": _table(
            "",
            required="the fields of a struct are all there, or null",
            minProperties="the fields of a struct are all there, or null",
            maxProperties="the fields of a struct are all there, or null",
        ),
        "array": _table("minItems maxItems", uniqueItems="elements of a list may be equal"),
        "vector": _table(
            "dimensions",
            "distanceMetric embeddingModel embeddingModelVersion",
            elementType="how many bits a number takes is not looked at",
            normalized="the length of vectors is not measured",
        ),
        "boolean": _table(""),
        "map": _table(""),
    }
)


def note_rest(part: Mapping[str, object], table: Mapping[str, str], path: Path, notes: Notes) -> None:
    """Note the keys of a part that are not read into rules."""
    for at, custom in enumerate(foreign(part) if table.get("customProperties") == READ else ()):
        if custom:
            notes.kept((*path, "customProperties", at), DOCUMENTS, promises=False)
    for key, value in part.items():
        why = table.get(key)
        if why is None:
            notes.unknown((*path, key), table)
        elif value is not None and why:
            notes.kept((*path, key), why, promises=why != DOCUMENTS)

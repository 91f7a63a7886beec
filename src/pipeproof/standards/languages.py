"""The languages that contracts can be exported to and imported from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any, Literal

Form = Literal["yaml", "json", "arrow"]


@dataclass(frozen=True, slots=True)
class Language:
    """A language of contracts.

    Attributes:
        name: Its name in commands.
        title: Its name in sentences.
        module: The module with `write` and `read`.
        form: How its files are written.
        single: Whether a file is of one table.
    """

    name: str
    title: str
    module: str
    form: Form = "yaml"
    single: bool = False

    def function(self, name: str) -> Callable[..., Any]:
        """Return a function of its module, which is imported when it is first used."""
        found: Callable[..., Any] = getattr(import_module(f"pipeproof.standards.{self.module}"), name)
        return found


LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {
        language.name: language
        for language in (
            Language("odcs", "the Open Data Contract Standard", "odcs"),
            Language("dbt", "dbt", "dbt"),
            Language("frictionless", "Frictionless Data", "frictionless", "json"),
            Language("jsonschema", "JSON Schema", "json_schema", "json"),
            Language("pandera", "pandera", "pandera", single=True),
            Language("arrow", "an Arrow schema", "arrow", "arrow", single=True),
            Language("native", "a contract file of Pipeproof", "native"),
        )
    }
)


def recognise(document: Mapping[str, Any]) -> str | None:
    """Return the name of the language that a document is in, or None."""
    marks: tuple[tuple[str, Callable[[Mapping[str, Any]], bool]], ...] = (
        ("odcs", LANGUAGES["odcs"].function("is_odcs")),
        ("pandera", LANGUAGES["pandera"].function("is_pandera")),
        ("frictionless", LANGUAGES["frictionless"].function("is_frictionless")),
        ("dbt", LANGUAGES["dbt"].function("is_dbt")),
        ("jsonschema", lambda given: "$schema" in given or "properties" in given or "$defs" in given),
        ("native", lambda given: bool(given.keys() & {"columns", "tables", "inputs", "outputs"})),
    )
    return next((name for name, fits in marks if fits(document)), None)

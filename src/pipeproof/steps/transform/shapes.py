"""Marks on the fields of operations that let people write the short form; pydantic reads them at the edge."""

from __future__ import annotations

from typing import Any


class OneOrMany:
    """A list of texts, for which one text alone may be written."""

    def __get_pydantic_core_schema__(self, source: Any, generate: Any) -> Any:
        from pydantic_core import core_schema

        many = generate(source)
        return core_schema.no_info_before_validator_function(
            lambda value: (value,) if isinstance(value, str) else value,
            many,
            json_schema_input_schema=core_schema.union_schema([core_schema.str_schema(), many]),
        )


class TextOr:
    """A text or a mapping, told apart before either is judged, so that errors speak of one of them."""

    def __get_pydantic_core_schema__(self, source: Any, generate: Any) -> Any:
        from typing import get_args

        from pydantic_core import core_schema

        mapping = next(kind for kind in get_args(source) if kind is not str)
        return core_schema.tagged_union_schema(
            {"text": core_schema.str_schema(), "mapping": generate(mapping)},
            discriminator=lambda value: "text" if isinstance(value, str) else "mapping",
        )


def without_underscore(name: str) -> str:
    """Return the key of a field whose name is a word of Python's: ``with_`` is ``with``."""
    return name.rstrip("_")

"""What all models of the file format share: unknown keys are refused, names and quantities have one form."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from pipeproof.loading import units

Seconds = Annotated[float, BeforeValidator(units.seconds, json_schema_input_type=float | str)]
Bytes = Annotated[int, BeforeValidator(units.size, json_schema_input_type=int | str)]
_NAME = r"^[A-Za-z0-9_][A-Za-z0-9_.\-]*$"
SAFE_NAME = re.compile(_NAME)
"""What may be the name of a file or folder: it leads nowhere else and is not hidden."""
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=_NAME)]


class Spec(BaseModel):
    """Everything refuses unknown keys; the text below each field is its documentation.

    A key without a value counts as not written, so that a section whose lines are all commented out
    is no error.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, value: Any) -> Any:
        value = cls._long(value)
        if isinstance(value, dict) and None in value.values():
            return {
                key: item for key, item in value.items() if item is not None or key not in cls.model_fields
            }
        return value

    @classmethod
    def _long(cls, value: Any) -> Any:
        """Return the long form of a value that may be written in short."""
        return value

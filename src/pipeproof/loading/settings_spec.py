"""The file ``pipeproof.yaml`` as pydantic models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from pipeproof.loading.shapes import json_schema
from pipeproof.loading.strict import Spec


class StoreSpec(Spec):
    """Where state and objects are kept."""

    state: Annotated[str, Field(min_length=1)] = "local"
    """Address of the state that runs share: local, memory:, sqlite:///state.db, redis://host:6379/0, firestore://project."""
    objects: Annotated[str, Field(min_length=1)] = "local"
    """Address of the objects: local, s3://bucket/prefix, gs://bucket/prefix."""
    fallback: Literal["none", "local"] = "none"
    """What stands in for a store that cannot be reached: none (an error), or local, which is said."""


class SettingsSpec(Spec):
    """Settings of a project."""

    store: StoreSpec = StoreSpec()
    """Where state and objects are kept."""


def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of ``pipeproof.yaml``."""
    about = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of a Pipeproof project",
    }
    return json_schema(SettingsSpec) | about

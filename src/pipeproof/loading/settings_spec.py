"""The file ``pipeproof.yaml`` as pydantic models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

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

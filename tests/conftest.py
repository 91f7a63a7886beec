"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import hypothesis
import pytest

from servers import Emulator, Server, firestore_emulator, redis_server

# A busy machine is no failure: nothing in the suite is judged by its time. Every run draws other examples, so
# fifty each time find what a hundred do; PIPEPROOF_EXAMPLES=2000 looks harder where no test says its own number.
hypothesis.settings.register_profile(
    "pipeproof", deadline=None, max_examples=int(os.environ.get("PIPEPROOF_EXAMPLES", "50"))
)
hypothesis.settings.load_profile("pipeproof")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that at the end no process waits for another."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def redis() -> Iterator[Server]:
    """Return a Redis that listens; what needs one of its own starts it by `servers.redis_server`."""
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def firestore() -> Iterator[Emulator]:
    """Return an emulator of Firestore that listens."""
    emulator = firestore_emulator()
    with emulator.server:
        yield emulator

"""Random projects, planned before and after a random change: nothing is ever reused wrongly, and nothing run for no reason."""

from __future__ import annotations

import importlib.util
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

_BENCH = Path(__file__).parents[2] / "bench" / "reuse_changes.py"
CASES = 60


@pytest.fixture(scope="module")
def changes() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("reuse_changes", _BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["reuse_changes"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["reuse_changes"]


@pytest.mark.slow
def test_what_is_taken_is_what_comes_out_from_scratch(changes: ModuleType, tmp_path: Path) -> None:
    wrong: dict[int, str] = {}
    came: Counter[str] = Counter()
    for number in range(CASES):
        seed = random.randrange(1_000_000)
        kind, counts = changes.try_case(seed, tmp_path / str(number), real=number == 0)
        came += counts
        if counts["WRONG REUSE"] or counts["NEEDLESS RUN"]:
            wrong[seed] = f"{kind}: {dict(counts)}"
    assert wrong == {}
    assert came["taken"] > CASES
    assert came["run"] > CASES // 10

"""Random programs, run before and after a random change: never a result that is wrong."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path

import pytest

_BENCH = Path(__file__).parents[2] / "bench" / "reach_changes.py"


@pytest.fixture(scope="module")
def changes():
    spec = importlib.util.spec_from_file_location("reach_changes", _BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["reach_changes"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["reach_changes"]


def test_a_change_that_shows_changes_the_digest_and_one_without_meaning_does_not(changes, tmp_path):
    came = {}
    for number in range(150):
        seed = random.randrange(1_000_000)
        kind, what = changes.try_case(seed, tmp_path / str(number))
        came[seed] = (kind, what)
    wrong = {seed: (kind, what) for seed, (kind, what) in came.items() if what == "WRONG REUSE"}
    needless = {
        seed: (kind, what)
        for seed, (kind, what) in came.items()
        if what == "NEEDLESS RUN" and kind in changes.MEANINGLESS
    }
    assert (wrong, needless) == ({}, {})


def test_the_programs_show_what_they_reach(changes, tmp_path):
    came = [changes.try_case(seed, tmp_path / str(seed))[1] for seed in range(60)]
    assert came.count("changed, run again") > 5
    assert came.count("same, reused") > 20

"""What a step leaves in the memory of a warm worker reaches no other step; one that leaves nothing keeps its worker."""

from __future__ import annotations

import os
import textwrap
import time
from pathlib import Path

import pytest

from pipeproof.running import state as watching

LIBRARY = """
import functools, itertools, random
from dataclasses import dataclass, field
from types import SimpleNamespace
STATE = []
NESTED = {"a": [{"b": 1}], "t": ([],)}
NAMES = {"x"}
COUNT = 0
NUMBERS = itertools.count()
DRAWN = random.Random(1)
BYTES = bytearray(b"ab")
SPACE = SimpleNamespace(a=1)
@dataclass
class Config:
    depth: int = 1
    tags: list = field(default_factory=list)
    made = 0
class Slotted:
    __slots__ = ("a",)
    def __init__(self):
        self.a = 1
CONFIG, SLOTTED = Config(), Slotted()
def remember(value, known=[]):
    known.append(value)
    return len(known)
def make_counter():
    n = 0
    def count():
        nonlocal n
        n += 1
        return n
    return count
counter = make_counter()
@functools.lru_cache
def cached(value):
    return value * 2
def pure(values):
    return sorted(values) + [len(NESTED), CONFIG.depth]
"""
CHANGES = [
    "lib.STATE.append(1)",
    "lib.NESTED['a'][0]['b'] = 2",
    "lib.NESTED['t'][0].append(1)",
    "lib.NAMES.add('y')",
    "lib.COUNT += 1",
    "lib.new = 1",
    "del lib.COUNT",
    "next(lib.NUMBERS)",
    "lib.DRAWN.random()",
    "lib.BYTES[0] = 0",
    "lib.SPACE.a = 2",
    "lib.CONFIG.depth = 2",
    "lib.CONFIG.tags.append('a')",
    "lib.Config.made += 1",
    "lib.SLOTTED.a = 2",
    "lib.remember(1)",
    "lib.counter()",
    "lib.pure.calls = 1",
    "import decimal; decimal.getcontext().prec = 5",
    "import warnings; warnings.simplefilter('error')",
    "import sys; sys.setrecursionlimit(2000)",
    "import logging; logging.basicConfig()",
]
NO_CHANGES = [
    "lib.pure([2, 1])",
    "lib.cached(3)",
    "own = list(lib.STATE); own.append(1)",
    "import random; random.random()",
    "import json, colorsys, other",
    "import warnings; warnings.warn('careful')",
    "import decimal; decimal.Decimal(1) / 3",
]


@pytest.fixture
def process(launch, tmp_path):
    """Return the function that runs a line in a worker that has the library, and says in which process."""
    past = time.time() - 3600
    for name, text in (("lib", LIBRARY), ("other", "A = [1]\n")):
        (tmp_path / f"{name}.py").write_text(text)
        os.utime(tmp_path / f"{name}.py", (past, past))

    def run(line: str) -> tuple[int, int]:
        code = f"import os\nimport lib\ndef main():\n    {line}\n    return [os.getpid(), len(lib.STATE)]\n"
        ended = launch(code, "worker")
        assert ended.failure is None, ended.failure
        ((_, made),) = ended.result.value.items()
        return tuple(made["value"])

    return run


@pytest.mark.parametrize("line", CHANGES)
def test_a_step_that_leaves_something_else_behind_hands_its_worker_to_nobody(process, line):
    before, _ = process("pass")
    changed, _ = process(line)
    after, length = process("pass")
    assert (changed == before, after == before, length) == (True, False, 0)


def test_what_the_first_step_of_a_worker_changes_is_noticed_too(process):
    first, _ = process("lib.STATE.append(1)")
    second, length = process("pass")
    assert (second == first, length) == (False, 0)


def test_what_a_step_changes_before_it_fails_is_noticed(launch, process):
    before, _ = process("pass")
    launch("import lib\ndef main():\n    lib.STATE.append(1)\n    raise ValueError('no')\n", "worker")
    after, length = process("pass")
    assert (after == before, length) == (False, 0)


@pytest.mark.parametrize("line", NO_CHANGES)
def test_a_step_that_leaves_all_as_it_was_keeps_its_worker(process, line):
    first, _ = process(line)
    assert process(line) == (first, 0)


@pytest.mark.parametrize("line", ["numpy.seterr(all='raise')", "numpy.set_printoptions(precision=2)"])
def test_a_setting_of_numpy_reaches_no_other_step(process, line):
    before, _ = process("import numpy")
    assert process("import numpy") == (before, 0)
    assert process(f"import numpy; {line}") == (before, 0)
    assert process("pass")[0] != before


def test_a_step_that_registers_itself_as_it_is_imported_shares_no_worker_with_others(launch, process):
    before, _ = process("pass")
    launch("import lib\nlib.STATE.append('me')\ndef main():\n    return 1\n", "worker")
    after, length = process("pass")
    assert (after == before, length) == (False, 0)


def test_where_there_is_more_than_can_be_looked_at_the_worker_ends(process, tmp_path: Path):
    text = textwrap.dedent(f"""
        TABLE = {{number: [number] for number in range({watching.MOST})}}
    """)
    (tmp_path / "large.py").write_text(text)
    assert process("import large")[0] != process("pass")[0]


def test_a_module_whose_objects_refuse_to_be_looked_at_can_be_imported_all_the_same(process, tmp_path: Path):
    text = (
        "class Proxy:\n    @property\n    def __class__(self):\n        raise RuntimeError\nPROXY = Proxy()\n"
    )
    (tmp_path / "proxies.py").write_text(text)
    assert process("import proxies")[0] != process("pass")[0]

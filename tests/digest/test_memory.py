"""What functions of a notebook reach: cells are run as a notebook runs them, source in `linecache`."""

from __future__ import annotations

import itertools
import linecache
import sys
from pathlib import Path
from types import ModuleType

import pytest

from pipeproof.digest.memory import reach_callable
from pipeproof.digest.reach import CodeView, Reached

_numbers = itertools.count()


@pytest.fixture
def notebook():
    """A namespace that stands for `__main__`, which cells run in."""
    before = sys.modules["__main__"]
    sys.modules["__main__"] = main = ModuleType("__main__")
    yield main
    sys.modules["__main__"] = before


def run_cell(notebook: ModuleType, text: str) -> None:
    name = f"<cell {next(_numbers)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    exec(compile(text, name, "exec"), vars(notebook))


def asked(notebook: ModuleType, folder, *cells: str) -> Reached:
    for cell in cells:
        run_cell(notebook, cell)
    found = reach_callable(notebook.f, CodeView(folder))
    assert found is not None
    return found


CHANGES = {
    "its own body": (["def f(): return 1\n"], ["def f(): return 2\n"]),
    "a helper": (["def g(): return 1\n", "def f(): return g()\n"], ["def g(): return 2\n"]),
    "a value": (["A = {'a': [1]}\n", "def f(): return A\n"], ["A = {'a': [2]}\n"]),
    "a value's type": (["A = 1\n", "def f(): return A\n"], ["A = True\n"]),
    "a class": (["class C:\n    x = 1\n", "def f(): return C.x\n"], ["class C:\n    x = 2\n"]),
    "what a class asks for": (
        ["A = 1\nclass C:\n    def m(self): return A\n", "def f(): return C().m()\n"],
        ["A = 2\n"],
    ),
    "what a closure holds": (
        ["def mk(n):\n    def f(): return n\n    return f\nf = mk(1)\n"],
        ["f = mk(2)\n"],
    ),
    "a default that was evaluated": (["A = 1\ndef f(x=A): return x\n"], ["A = 2\ndef f(x=A): return x\n"]),
}


@pytest.mark.parametrize(("cells", "change"), CHANGES.values(), ids=CHANGES)
def test_a_change_in_a_cell_changes_the_digest(notebook, tmp_path, cells, change):
    before = asked(notebook, tmp_path, *cells)
    assert asked(notebook, tmp_path, *change).digest != before.digest


@pytest.mark.parametrize("change", ["B = 2\n", "def g(): return 2\n", "def f():\n    # more\n    return A\n"])
def test_what_is_not_reached_changes_nothing(notebook, tmp_path, change):
    before = asked(notebook, tmp_path, "A = 1\nB = 1\n", "def f(): return A\n")
    assert asked(notebook, tmp_path, change) == before


def test_a_value_without_a_digest_is_told(notebook, tmp_path):
    found = asked(notebook, tmp_path, "A = object()\n", "def f(): return A\n")
    assert [one.why for one in found.unfollowed] == ["A is a object, whose content has no digest"]


def test_packages_and_python_s_own_modules_are_no_values(notebook, tmp_path, monkeypatch):
    # Another test's folder on the import path may hold a json.py, which would be one's own.
    monkeypatch.setattr(sys, "path", [path for path in sys.path if not Path(path, "json.py").exists()])
    cell = "import json, numpy as np\nfrom polars import DataFrame\ndef f(): return np.mean, json.dumps, DataFrame\n"
    found = asked(notebook, tmp_path, cell)
    assert (found.packages, found.unfollowed) == ({"numpy", "polars"}, ())


def test_a_module_of_the_project_is_followed_in_its_file(notebook, tmp_path, monkeypatch):
    (tmp_path / "cell_lib.py").write_text("def g(): return 1\ndef h(): return 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = asked(
        notebook, tmp_path, "import cell_lib\nfrom cell_lib import h\n", "def f(): return cell_lib.g(), h()\n"
    )
    monkeypatch.delitem(sys.modules, "cell_lib")
    assert set(found.parts) >= {"cell_lib.py:g", "cell_lib.py:h"}


def test_a_function_without_source_is_not_reusable(tmp_path):
    namespace: dict[str, object] = {}
    exec("def f(): return 1", namespace)
    assert reach_callable(namespace["f"], CodeView(tmp_path)) is None  # type: ignore[arg-type]  # a function


def test_a_lambda_is_not_reusable(tmp_path):
    assert reach_callable(lambda: 1, CodeView(tmp_path)) is None

"""Which changes of code change what a step reaches, and which do not: one small project a row."""

from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent

import pytest

from pipeproof.digest.reach import CodeView, Reached, reach


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"))


def reached(
    folder: Path, files: dict[str, str], entry: str = "main.py", name: str | None = "main"
) -> Reached:
    write(folder, files)
    return reach(folder / entry, name, folder)


# What is reached: the files, and a text in one of them with what it is replaced by.
COUNTS = {
    "its own body": ({"main.py": "def main():\n    return 1"}, "return 1", "return 2"),
    "a constant": ({"main.py": "A = 1\ndef main():\n    return A"}, "A = 1", "A = 2"),
    "a constant's type": ({"main.py": "A = 1\ndef main():\n    return A"}, "A = 1", "A = 1.0"),
    "a helper of a helper": (
        {
            "main.py": "from lib import f\ndef main():\n    return f()",
            "lib.py": "def f(): return g()\ndef g(): return 1",
        },
        "return 1",
        "return 2",
    ),
    "a module's attribute": (
        {"main.py": "import lib\ndef main():\n    return lib.RATE", "lib.py": "RATE = 3"},
        "RATE = 3",
        "RATE = 4",
    ),
    "an attribute of a module in a package": (
        {
            "main.py": "import pkg.a as c\ndef main():\n    return c.f()",
            "pkg/__init__.py": "",
            "pkg/a.py": "def f(): return 1",
        },
        "return 1",
        "return 2",
    ),
    "a submodule as an attribute": (
        {
            "main.py": "import pkg.a\ndef main():\n    return pkg.a.f()",
            "pkg/__init__.py": "",
            "pkg/a.py": "def f(): return 1",
        },
        "return 1",
        "return 2",
    ),
    "a module of a folder without __init__": (
        {"main.py": "from space.a import f\ndef main():\n    return f()", "space/a.py": "def f(): return 1"},
        "return 1",
        "return 2",
    ),
    "a module in src": (
        {
            "main.py": "from pkg import f\ndef main():\n    return f()",
            "src/pkg/__init__.py": "def f(): return 1",
        },
        "return 1",
        "return 2",
    ),
    "a re-export": (
        {
            "main.py": "from pkg import f\ndef main():\n    return f()",
            "pkg/__init__.py": "from .inner import g as f",
            "pkg/inner.py": "from . import deep\ndef g(): return deep.h()",
            "pkg/deep.py": "def h(): return 1",
        },
        "return 1",
        "return 2",
    ),
    "which name is imported under another": (
        {
            "main.py": "from lib import a as f, b as g\ndef main():\n    return f() - g()",
            "lib.py": "def a(): return 1\ndef b(): return 2",
        },
        "a as f, b as g",
        "b as f, a as g",
    ),
    "a star": (
        {"main.py": "from lib import *\ndef main():\n    return f()", "lib.py": "def f(): return 1"},
        "return 1",
        "return 2",
    ),
    "a star of a star with __all__": (
        {
            "main.py": "from a import *\ndef main():\n    return _f()",
            "a.py": "from b import *\n__all__ = ['_f']",
            "b.py": "__all__ = ['_f']\ndef _f(): return 1",
        },
        "return 1",
        "return 2",
    ),
    "a circle of imports": (
        {
            "main.py": "import a\ndef main():\n    return a.f()",
            "a.py": "import b\ndef f(): return b.g()\ndef h(): return 1",
            "b.py": "import a\ndef g(): return a.h()",
        },
        "return 1",
        "return 2",
    ),
    "both sides of a failed import": (
        {
            "main.py": "try:\n    from nosuchthing import f\nexcept ImportError:\n    from lib import f\ndef main():\n    return f()",
            "lib.py": "def f(): return 1",
        },
        "return 1",
        "return 2",
    ),
    "an import inside of a function": (
        {"main.py": "def main():\n    import lib\n    return lib.f()", "lib.py": "def f(): return 1"},
        "return 1",
        "return 2",
    ),
    "an alias": (
        {"main.py": "def f(): return 1\ng = f\ndef main():\n    return g()"},
        "return 1",
        "return 2",
    ),
    "an alias of a module": (
        {"main.py": "import lib\nmod = lib\ndef main():\n    return mod.f()", "lib.py": "def f(): return 1"},
        "return 1",
        "return 2",
    ),
    "a module that is handed on": (
        {
            "main.py": "import lib\ndef main():\n    return g(lib)\ndef g(m): return m.f()",
            "lib.py": "def f(): return 1",
        },
        "return 1",
        "return 2",
    ),
    "an attribute asked by a computed name": (
        {
            "main.py": "import lib\ndef main(x='f'):\n    return getattr(lib, x)()",
            "lib.py": "def f(): return 1",
        },
        "return 1",
        "return 2",
    ),
    "an attribute asked by a text": (
        {"main.py": "import lib\ndef main():\n    return getattr(lib, 'f')()", "lib.py": "def f(): return 1"},
        "return 1",
        "return 2",
    ),
    "a module imported by a text": (
        {
            "main.py": "import importlib\ndef main():\n    return importlib.import_module('lib').f()",
            "lib.py": "def f(): return 1",
        },
        "return 1",
        "return 2",
    ),
    "a plug-in by name": (
        {
            "main.py": "PLUGIN = 'lib.plug:Thing'\ndef main():\n    return load(PLUGIN)\ndef load(x): ...",
            "lib/plug.py": "class Thing:\n    a = 1",
        },
        "a = 1",
        "a = 2",
    ),
    "a name in globals": ({"main.py": "A = 1\ndef main():\n    return globals()['A']"}, "A = 1", "A = 2"),
    "all names in globals": (
        {"main.py": "A = 1\ndef main(n='A'):\n    return globals()[n]"},
        "A = 1",
        "A = 2",
    ),
    "a method's body": (
        {"main.py": "class M:\n    def fit(self): return 1\ndef main():\n    return M().fit()"},
        "return 1",
        "return 2",
    ),
    "a base class elsewhere": (
        {
            "main.py": "from lib import B\nclass M(B): pass\ndef main():\n    return M().x",
            "lib.py": "class B:\n    x = 1",
        },
        "x = 1",
        "x = 2",
    ),
    "a metaclass": (
        {"main.py": "class T(type):\n    x = 1\nclass M(metaclass=T): pass\ndef main():\n    return M.x"},
        "x = 1",
        "x = 2",
    ),
    "a decorator": (
        {"main.py": "def d(f): return lambda: 1\n@d\ndef h(): ...\ndef main():\n    return h()"},
        "lambda: 1",
        "lambda: 2",
    ),
    "a default argument": ({"main.py": "A = 1\ndef main(x=A):\n    return x"}, "A = 1", "A = 2"),
    "a keyword's default": ({"main.py": "def main(*, x=1):\n    return x"}, "x=1", "x=2"),
    "a field's annotation": (
        {
            "main.py": "from dataclasses import dataclass\n@dataclass\nclass C:\n    x: int = 1\ndef main():\n    return C()"
        },
        "x: int",
        "x: float",
    ),
    "a class in a field's annotation as text": (
        {"main.py": "class A:\n    y = 1\nclass C:\n    x: 'list[A]'\ndef main():\n    return C"},
        "y = 1",
        "y = 2",
    ),
    "a docstring that is read": (
        {"main.py": "def h():\n    'one'\ndef main():\n    return h.__doc__"},
        "'one'",
        "'two'",
    ),
    "annotations that are read": (
        {
            "main.py": "from typing import get_type_hints\ndef h(a: int): ...\ndef main():\n    return get_type_hints(h)"
        },
        "a: int",
        "a: str",
    ),
    "annotations under an unknown decorator": (
        {"main.py": "from other import checked\n@checked\ndef h(a: int): ...\ndef main():\n    return h(1)"},
        "a: int",
        "a: str",
    ),
    "a name after a comprehension of that name": (
        {"main.py": "x = 1\ndef main():\n    return [x for x in 'ab'], x"},
        "x = 1",
        "x = 2",
    ),
    "a name in the class body before it is bound there": (
        {"main.py": "x = 1\nclass C:\n    x = x\ndef main():\n    return C.x"},
        "x = 1",
        "x = 2",
    ),
    "a method that does not see its class": (
        {"main.py": "x = 1\nclass C:\n    x = 5\n    def m(self): return x\ndef main():\n    return C().m()"},
        "x = 1",
        "x = 2",
    ),
    "a pattern's class": (
        {"main.py": "class P:\n    x = 1\ndef main(v=None):\n    match v:\n        case P(): return 1"},
        "x = 1",
        "x = 2",
    ),
    "a walrus in a comprehension": (
        {"main.py": "y = 1\ndef f():\n    return y\ndef main():\n    return [z for a in 'ab' if (z := f())]"},
        "y = 1",
        "y = 2",
    ),
    "an augmented value": ({"main.py": "A = 1\nA += 1\ndef main():\n    return A"}, "A += 1", "A += 2"),
    "an appended value": (
        {"main.py": "A = []\nA.append(1)\ndef main():\n    return A"},
        "append(1)",
        "append(2)",
    ),
    "a set item": ({"main.py": "A = {}\nA['x'] = 1\ndef main():\n    return A"}, "= 1", "= 2"),
    "an appended value through an alias": (
        {"main.py": "A = []\nB = A\nB.append(1)\ndef main():\n    return A"},
        "append(1)",
        "append(2)",
    ),
    "a global set by a helper": (
        {"main.py": "A = 1\ndef h():\n    global A\n    A = 5\ndef main():\n    h()\n    return A"},
        "A = 5",
        "A = 6",
    ),
    "a setting at the top level": (
        {
            "main.py": "import lib\ndef main():\n    return 1",
            "lib.py": "import numpy as np\nnp.seterr(all='ignore')",
        },
        "'ignore'",
        "'raise'",
    ),
    "a setting that is assigned": (
        {"main.py": "import numpy as np\nold = np.seterr(all='ignore')\ndef main():\n    return 1"},
        "'ignore'",
        "'raise'",
    ),
    "a patch of another module": (
        {
            "main.py": "import lib, patch\ndef main():\n    return lib.f()",
            "lib.py": "def f(): return 1",
            "patch.py": "import lib\nlib.f = lambda: 3",
        },
        "lambda: 3",
        "lambda: 4",
    ),
    "a registered function": (
        {
            "main.py": "import plugs\nfrom registry import ALL\ndef main():\n    return [f() for f in ALL]",
            "registry.py": "ALL = []\ndef register(f):\n    ALL.append(f)\n    return f",
            "plugs.py": "from registry import register\n@register\ndef one(): return 1",
        },
        "return 1",
        "return 2",
    ),
    "an instance that registers itself": (
        {
            "main.py": "import plugs\nfrom registry import ALL\ndef main():\n    return [f.x for f in ALL]",
            "registry.py": "ALL = []\nclass Plug:\n    def __init__(self, x):\n        self.x = x\n        ALL.append(self)",
            "plugs.py": "from registry import Plug\nONE = Plug(1)",
        },
        "Plug(1)",
        "Plug(2)",
    ),
    "a subclass that its base registers": (
        {
            "main.py": "import plugs\nfrom base import ALL\ndef main():\n    return [c.x for c in ALL]",
            "base.py": "ALL = []\nclass Base:\n    def __init_subclass__(cls): ALL.append(cls)",
            "plugs.py": "from base import Base\nclass One(Base):\n    x = 1",
        },
        "x = 1",
        "x = 2",
    ),
    "a subclass that is asked for": (
        {
            "main.py": "import plugs\nfrom base import Base\ndef main():\n    return [c.x for c in Base.__subclasses__()]",
            "base.py": "class Base: pass",
            "plugs.py": "from base import Base\nclass One(Base):\n    x = 1",
        },
        "x = 1",
        "x = 2",
    ),
    "a module's __getattr__": (
        {
            "main.py": "import lib\ndef main():\n    return lib.f()",
            "lib.py": "def __getattr__(name):\n    return lambda: 1",
        },
        "lambda: 1",
        "lambda: 2",
    ),
    "the order of what is evaluated": (
        {"main.py": "import os\nos.environ['A'] = '1'\nB = os.environ.get('A')\ndef main():\n    return B"},
        "os.environ['A'] = '1'\nB = os.environ.get('A')",
        "B = os.environ.get('A')\nos.environ['A'] = '1'",
    ),
    "the order of imports with effects": (
        {
            "main.py": "import a\nimport b\nimport state\ndef main():\n    return state.X",
            "a.py": "import state\nstate.X = 1",
            "b.py": "import state\nstate.X = 2",
            "state.py": "X = 0",
        },
        "import a\nimport b",
        "import b\nimport a",
    ),
    "an assertion": ({"main.py": "def main(x=1):\n    assert x\n    return x"}, "assert x", "assert not x"),
    "a package's __init__": (
        {
            "main.py": "from pkg.a import f\ndef main():\n    return f()",
            "pkg/__init__.py": "import os\nos.umask(0)",
            "pkg/a.py": "def f(): ...",
        },
        "os.umask(0)",
        "os.umask(1)",
    ),
    "a file with a fault": (
        {"main.py": "import lib\ndef main():\n    return lib.f()", "lib.py": "def f(: return 1"},
        "return 1",
        "return 2",
    ),
    "the sort key of a value": (
        {
            "main.py": "N = []\ndef k(x):\n    N.append(x)\n    return 1\nA = sorted([1], key=k)\ndef main():\n    return N"
        },
        "sorted([1]",
        "sorted([2]",
    ),
}
COUNTS |= {
    "a method of one's own that keeps count": (
        {
            "main.py": "class Reg:\n    n = 0\n    def count(self):\n        self.n += 1\nREG = Reg()\nA = REG.count()\ndef main():\n    return REG.n"
        },
        "A = REG.count()",
        "A = 1",
    ),
    "a decorator that keeps count": (
        {
            "main.py": "N = []\ndef d(f):\n    def inner():\n        N.append(1)\n        return f()\n    return inner\n@d\ndef g(): return 1\nA = g()\ndef main():\n    return N"
        },
        "A = g()",
        "A = 1",
    ),
    "a helper that keeps count": (
        {"main.py": "N = []\ndef g():\n    M = N\n    M.append(1)\nA = g()\ndef main():\n    return N"},
        "A = g()",
        "A = 1",
    ),
    "a helper's parameter that keeps count": (
        {"main.py": "N = []\ndef g(n):\n    n.append(1)\nA = g(N)\ndef main():\n    return N"},
        "A = g(N)",
        "A = 1",
    ),
    "a value that is deleted": (
        {"main.py": "A = {1: 2}\ndel A[1]\ndef main():\n    return A"},
        "del A[1]",
        "pass",
    ),
    "an import in a class body": (
        {
            "main.py": "class C:\n    from lib import f\ndef main():\n    return C.f",
            "lib.py": "def f(): return 1",
        },
        "return 1",
        "return 2",
    ),
    "an attribute of a function": ({"main.py": "def main():\n    return main.x\nmain.x = 1"}, "= 1", "= 2"),
    "a nested function's default": (
        {"main.py": "x = 1\ndef main(y=2):\n    def f(x=x): return x\n    return f()"},
        "x = 1",
        "x = 3",
    ),
    "a variable of an outer function": (
        {
            "main.py": "def main():\n    n = 1\n    def f():\n        nonlocal n\n        n += 1\n        return n\n    return f()"
        },
        "n += 1",
        "n += 2",
    ),
}
# What is not reached, or means nothing.
DOES_NOT = {
    "a comment": ({"main.py": "def main():\n    # one\n    return 1"}, "# one", "# two"),
    "layout": (
        {"main.py": "def main():\n    return f(1, 2)\ndef f(a, b): ..."},
        "f(1, 2)\n",
        "f(\n        1,\n        2,\n    )\n\n\n",
    ),
    "a docstring": ({"main.py": "def main():\n    'one'\n    return 1"}, "'one'", "'two'"),
    "an annotation": (
        {"main.py": "def h(a: int) -> int: return a\ndef main():\n    return h(1)"},
        "a: int",
        "a: float",
    ),
    "an annotation of a variable": (
        {"main.py": "A: int = 1\ndef main():\n    return A"},
        "A: int",
        "A: float",
    ),
    "a function beside": (
        {"main.py": "def h(): return 1\ndef main():\n    return 1"},
        "return 1\ndef",
        "return 2\ndef",
    ),
    "a constant beside": ({"main.py": "A = 1\ndef main():\n    return 1"}, "A = 1", "A = 2"),
    "a class beside": ({"main.py": "class C:\n    x = 1\ndef main():\n    return 1"}, "x = 1", "x = 2"),
    "another name of a module": (
        {
            "main.py": "import lib\ndef main():\n    return lib.f()",
            "lib.py": "def f(): return 1\ndef g(): return 3",
        },
        "return 3",
        "return 4",
    ),
    "another name by an import": (
        {
            "main.py": "from lib import f, g\ndef main():\n    return f()",
            "lib.py": "def f(): return 1\ndef g(): return 3",
        },
        "return 3",
        "return 4",
    ),
    "one more import of a name": (
        {
            "main.py": "from lib import f\ndef main():\n    return f()",
            "lib.py": "def f(): return 1\ndef g(): return 3",
        },
        "import f",
        "import f, g",
    ),
    "a name that a local one hides": (
        {"main.py": "x = 1\ndef main():\n    x = 2\n    return x"},
        "x = 1",
        "x = 7",
    ),
    "a parameter's namesake": ({"main.py": "x = 1\ndef main(x=2):\n    return x"}, "x = 1", "x = 7"),
    "a list that is changed beside": (
        {"main.py": "A = []\nA.append(1)\ndef main():\n    return 1"},
        "append(1)",
        "append(2)",
    ),
    "a pattern beside": (
        {"main.py": "import re\nR = re.compile('a')\ndef main():\n    return 1"},
        "'a'",
        "'b'",
    ),
    "a value made by a quiet helper": (
        {
            "main.py": "def mk(n):\n    out = []\n    out.append(n)\n    return out\nR = mk(1)\ndef main():\n    return 1"
        },
        "mk(1)",
        "mk(2)",
    ),
    "a function under a plain decorator of one's own": (
        {
            "main.py": "import functools\ndef timed(f):\n    @functools.wraps(f)\n    def inner(*a): return f(*a)\n    return inner\n@timed\ndef h(): return 1\ndef main():\n    return 3"
        },
        "return 1",
        "return 2",
    ),
    "a dataclass beside": (
        {
            "main.py": "from dataclasses import dataclass\n@dataclass\nclass C:\n    x: int = 1\ndef main():\n    return 1"
        },
        "= 1",
        "= 2",
    ),
    "the order of functions": (
        {"main.py": "def a(): return 1\ndef b(): return 2\ndef main():\n    return a(), b()"},
        "def a(): return 1\ndef b(): return 2",
        "def b(): return 2\ndef a(): return 1",
    ),
    "a block of another module's script": (
        {
            "main.py": "import lib\ndef main():\n    return lib.f()",
            "lib.py": "def f(): ...\nif __name__ == '__main__':\n    print(1)",
        },
        "print(1)",
        "print(2)",
    ),
    "imports for type checkers": (
        {
            "main.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import lib\ndef main():\n    return 1",
            "lib.py": "print(1)",
        },
        "print(1)",
        "print(2)",
    ),
}


def change(folder: Path, files: dict[str, str], old: str, new: str) -> tuple[Reached, Reached]:
    before = reached(folder, files)
    changed = {name: text.replace(old, new) for name, text in files.items()}
    assert changed != files
    return before, reached(folder, changed)


@pytest.mark.parametrize(("files", "old", "new"), COUNTS.values(), ids=COUNTS)
def test_a_change_of_what_is_reached_changes_the_digest(tmp_path, files, old, new):
    before, after = change(tmp_path, files, old, new)
    assert before.digest != after.digest


@pytest.mark.parametrize(("files", "old", "new"), DOES_NOT.values(), ids=DOES_NOT)
def test_a_change_of_what_is_not_reached_changes_nothing(tmp_path, files, old, new):
    before, after = change(tmp_path, files, old, new)
    assert dict(before.parts) == dict(after.parts)


@pytest.mark.parametrize(
    "line",
    [
        "exec(x)", "eval(x)", "__import__(x)", "importlib.import_module(x)", "getattr(lib, x)", "globals()[x]",
        "sys.path.append(x)", "sys.modules[x]", "pickle.load(x)", "subprocess.run(x)", "runpy.run_path(x)", "os.system(x)",
        "lib.nosuch", "NOSUCH",
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_told_with_its_line(tmp_path, line):
    code = f"import importlib, lib, os, pickle, runpy, subprocess, sys\ndef main(x):\n    return {line}\n"
    found = reached(tmp_path, {"main.py": code, "lib.py": "A = 1"}).unfollowed
    assert {one.file for one in found} == {"main.py"}
    assert all(one.line in {2, 3} for one in found)


@pytest.mark.parametrize(
    "line", ["import pickle\n    return pickle.load(x)", "from subprocess import run\n    return run(x)"]
)
def test_what_cannot_be_followed_is_told_of_imports_in_functions(tmp_path, line):
    assert reached(tmp_path, {"main.py": f"def main(x):\n    {line}\n"}).unfollowed


def test_a_method_named_like_a_builtin_is_followed(tmp_path):
    assert not reached(
        tmp_path, {"main.py": "def main(model):\n    model.eval()\n    return model.load()"}
    ).unfollowed


def test_packages_of_others_are_named_by_their_import(tmp_path):
    code = "import os, numpy as np\nfrom sklearn.svm import SVC\nimport lib\ndef main(): ..."
    found = reached(tmp_path, {"main.py": code, "lib.py": "def f():\n    import pandas"})
    assert found.packages == {"numpy", "sklearn"}


def test_pipeproof_is_a_package_also_in_development_and_its_decorator_makes_nothing_else_count(tmp_path):
    code = "import pipeproof as pp\nRATE = 3\n@pp.step\ndef main():\n    return 1\n@pp.step(when='a')\ndef other():\n    return RATE"
    found = reached(tmp_path, {"main.py": code})
    assert (set(found.parts), found.packages) == ({"main.py:main", "main.py:pp"}, {"pipeproof"})


def test_a_package_of_the_project_that_is_called_pipeproof_is_the_projects(tmp_path):
    files = {
        "main.py": "import pipeproof\ndef main():\n    return pipeproof.A",
        "pipeproof/__init__.py": "A = 1",
    }
    assert "pipeproof/__init__.py:A" in reached(tmp_path, files).parts


@pytest.mark.parametrize(
    "use",
    [
        "open('data/x.csv')", "Path(__file__).parent / 'data' / 'x.csv'", "HERE / 'data/x.csv'",
        "os.path.join(HERE, 'data', 'x.csv')", "HERE.joinpath('data', 'x.csv')", "Path('data', 'x.csv')",
    ],
)  # fmt: skip
def test_files_that_texts_name_are_told(tmp_path, use):
    code = (
        f"import os\nfrom pathlib import Path\nHERE = Path(__file__).parent\ndef main():\n    return {use}\n"
    )
    assert reached(tmp_path, {"main.py": code, "data/x.csv": "1"}).files == ("data/x.csv",)


def test_a_file_beside_the_code_is_told_from_the_root(tmp_path):
    files = {"scripts/main.py": "def main():\n    return open('x.csv')", "scripts/x.csv": "1"}
    assert reached(tmp_path, files, "scripts/main.py").files == ("scripts/x.csv",)


def test_a_script_without_a_function_reaches_its_block(tmp_path):
    files = {"main.py": "def run(): return 1\nif __name__ == '__main__':\n    run()"}
    assert "main.py:run" in reached(tmp_path, files, name=None).parts


def test_a_method_stands_for_its_class(tmp_path):
    files = {"main.py": "class M:\n    def fit(self): ..."}
    assert set(reached(tmp_path, files, name="M.fit").parts) == {"main.py:M"}


def test_a_function_that_is_not_there_reaches_the_whole_file(tmp_path):
    found = reached(tmp_path, {"main.py": "A = 1"}, name="made")
    assert (set(found.parts), [one.why for one in found.unfollowed]) == (
        {"main.py:A"},
        ["made is bound nowhere in the file"],
    )


def test_a_compiled_module_counts_by_its_bytes(tmp_path):
    (tmp_path / "fast.so").write_bytes(b"1")
    before = reached(tmp_path, {"main.py": "import fast\ndef main():\n    return fast.f()"})
    (tmp_path / "fast.so").write_bytes(b"2")
    assert (
        before.parts["fast.so:<file>"]
        != reach(tmp_path / "main.py", "main", tmp_path).parts["fast.so:<file>"]
    )


def test_names_of_parts_do_not_depend_on_the_folder(tmp_path):
    files = {"main.py": "from lib import f\ndef main():\n    return f()", "lib.py": "def f(): return 1"}
    assert reached(tmp_path / "a", files) == reached(tmp_path / "b", files)


def test_a_view_holds_while_files_change(tmp_path):
    write(tmp_path, {"main.py": "def main(): return 1"})
    view = CodeView(tmp_path)
    before = view.reach(Path("main.py"), "main")
    write(tmp_path, {"main.py": "def main(): return 2"})
    assert view.reach(Path("main.py"), "main") is before


def test_a_file_written_twice_within_a_tick_is_read_again(tmp_path):
    file = tmp_path / "main.py"
    write(tmp_path, {"main.py": "def main(): return 1"})
    status = file.stat()
    before = reach(file, "main", tmp_path)
    write(tmp_path, {"main.py": "def main(): return 2"})
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert reach(file, "main", tmp_path).digest != before.digest

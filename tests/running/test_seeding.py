"""One seed for all that draws at random: in processes of their own, as seeds are of the whole process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DRAW = {
    "random": "import random; draw(random.random())",
    "numpy": "import numpy; draw(numpy.random.rand())",
    "part of numpy": "from numpy.random import rand; draw(rand())",
    "scikit-learn split": (
        "from sklearn.model_selection import train_test_split as s; import numpy as np;"
        "draw(s(np.arange(100))[0].tolist())"
    ),
    "scikit-learn forest": (
        "from sklearn.ensemble import RandomForestRegressor as R; import numpy as np;"
        "x = np.arange(200.).reshape(-1, 2); draw(R(n_estimators=3).fit(x, x[:, 0] ** 2).predict(x[:5]).tolist())"
    ),
    "xgboost": (
        "import xgboost as x, numpy as np; a = np.arange(400.).reshape(-1, 4);"
        "draw(x.XGBRegressor(n_estimators=3, subsample=0.5).fit(a, a[:, 0] ** 2).predict(a[:5]).tolist())"
    ),
    "lightgbm": (
        "import lightgbm as l, numpy as np; a = np.arange(4000.).reshape(-1, 4);"
        "m = l.LGBMRegressor(n_estimators=3, subsample=0.5, subsample_freq=1, verbose=-1);"
        "draw(m.fit(a, a[:, 0] ** 2).predict(a[:5]).tolist())"
    ),
}
OTHERWISE = ("random", "numpy", "part of numpy", "scikit-learn split")  # drawn with another seed too
PROGRAM = """\
import json, sys
from pipeproof.running.seeding import seed_all
programs, again = map(json.loads, sys.argv[1:])
drawn = {}
for seed, names in (7, programs), (8, again):
    for name in names:
        seed_all(seed)
        exec(programs[name], {"draw": lambda value: drawn.__setitem__(f"{name} {seed}", str(value))})
print(json.dumps(drawn))
"""


def begin(programs: dict[str, str]) -> subprocess.Popen[str]:
    """Start a process that draws with every library, each after the seed was set anew."""
    words = [sys.executable, "-W", "ignore", "-c", PROGRAM, json.dumps(programs), json.dumps(OTHERWISE)]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=one_thread)


@pytest.fixture(scope="module")
def drawn() -> list[dict[str, str]]:
    """Return what two processes drew, which imported the libraries in another order."""
    processes = [begin(DRAW), begin(dict(reversed(DRAW.items())))]
    return [json.loads(process.communicate(timeout=60)[0]) for process in processes]


@pytest.mark.parametrize("library", DRAW)
def test_the_same_seed_draws_the_same_whatever_was_imported_before(
    library: str, drawn: list[dict[str, str]]
) -> None:
    assert drawn[0][f"{library} 7"] == drawn[1][f"{library} 7"]


@pytest.mark.parametrize("library", OTHERWISE)
def test_another_seed_draws_something_else(library: str, drawn: list[dict[str, str]]) -> None:
    assert drawn[0][f"{library} 7"] != drawn[0][f"{library} 8"]


def run(code: str, seed: int = 7, *, path: Path | None = None) -> str:
    """Return what a program prints that is seeded first."""
    program = f"import sys\nsys.path.insert(0, {str(path or '')!r})\n"
    program += f"from pipeproof.running.seeding import seed_all\nseed_all({seed})\n{code}"
    words = [sys.executable, "-c", program]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_a_module_that_is_seeded_when_it_comes_looks_as_if_nobody_had_been_there() -> None:
    code = "import numpy; print(type(numpy.__spec__.loader).__name__, type(numpy.__loader__).__name__)"
    assert run(code) == "SourceFileLoader SourceFileLoader\n"


TORCH = "seeds = []\ndef manual_seed(seed):\n    seeds.append(seed)\n"


def test_a_library_that_comes_later_is_seeded_once_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text(TORCH)
    assert run("import torch; print(torch.seeds)", 11, path=tmp_path) == "[11]\n"


def test_something_else_that_has_the_name_of_a_library_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("lit = True\n")
    assert run("import torch; print(torch.lit)", path=tmp_path) == "True\n"


def test_a_library_that_is_not_there_is_missing_as_ever() -> None:
    code = "try:\n    import torch\nexcept ModuleNotFoundError as error:\n    print(error.name)"
    assert run(code) == "torch\n"

"""One seed for all that draws at random: in a process of its own, as seeds are of the whole process."""

from __future__ import annotations

import subprocess
import sys

import pytest

DRAW = {
    "random": "import random; print(random.random())",
    "numpy": "import numpy; print(numpy.random.rand())",
    "numpy.random": "from numpy.random import rand; print(rand())",
    "sklearn": (
        "from sklearn.model_selection import train_test_split; import numpy as np;"
        "print(train_test_split(np.arange(100))[0].tolist())"
    ),
    "sklearn forest": (
        "from sklearn.ensemble import RandomForestRegressor as R; import numpy as np;"
        "x = np.arange(200.).reshape(-1, 2); print(R(n_estimators=3).fit(x, x[:, 0] ** 2).predict(x[:5]).tolist())"
    ),
    "xgboost": (
        "import xgboost as x, numpy as np; a = np.arange(400.).reshape(-1, 4);"
        "print(x.XGBRegressor(n_estimators=3, subsample=0.5).fit(a, a[:, 0] ** 2).predict(a[:5]).tolist())"
    ),
    "lightgbm": (
        "import lightgbm as l, numpy as np; a = np.arange(4000.).reshape(-1, 4);"
        "m = l.LGBMRegressor(n_estimators=3, subsample=0.5, subsample_freq=1, verbose=-1);"
        "print(m.fit(a, a[:, 0] ** 2).predict(a[:5]).tolist())"
    ),
}


def drawn(code: str, seed: int, before: str = "") -> str:
    program = f"{before}\nfrom pipeproof.running.seeding import seed_all\nseed_all({seed})\n{code}"
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("library", DRAW)
def test_the_same_seed_draws_the_same(library: str) -> None:
    code = DRAW[library]
    if "." not in library and " " not in library:
        pytest.importorskip(library)
    assert drawn(code, 7) == drawn(code, 7)


@pytest.mark.parametrize("library", ["random", "numpy", "sklearn"])
def test_another_seed_draws_something_else(library: str) -> None:
    assert drawn(DRAW[library], 7) != drawn(DRAW[library], 8)


def test_it_makes_no_difference_whether_a_library_was_imported_before() -> None:
    code = DRAW["numpy"]
    assert drawn(code, 7) == drawn(code, 7, before="import numpy")


def test_a_module_that_is_seeded_when_it_comes_looks_as_if_nobody_had_been_there() -> None:
    code = "import numpy; print(type(numpy.__spec__.loader).__name__, type(numpy.__loader__).__name__)"
    assert drawn(code, 7) == "SourceFileLoader SourceFileLoader\n"


def test_a_library_that_is_not_there_is_missing_as_ever() -> None:
    code = "try:\n    import tensorflow\nexcept ModuleNotFoundError as error:\n    print(error.name)"
    assert drawn(code, 7) == "tensorflow\n"

"""Forking from a process that has libraries with threads imported."""

from __future__ import annotations

import importlib.util
import os

import pytest

from pipeproof.running.children import ForkServer
from pipeproof.running.logs import LogFile

LIBRARIES = [name for name in ("polars", "numpy", "pandas") if importlib.util.find_spec(name)]


# Were one fork in a hundred to hang, 19 of 20 runs of the suite would see it.
FORKS = int(os.environ.get("PIPEPROOF_FORKS", "300"))
CODE = """
import numpy, pandas, polars
def main(args, context):
    if args["n"] % 3:
        return int(numpy.arange(args["n"]).sum()) + len(pandas.Series([1]))
    frame = polars.LazyFrame({"x": range(args["n"])}).select(polars.col("x").sum()).collect()
    return int(frame.item()) + 1
"""


@pytest.mark.slow
@pytest.mark.skipif(len(LIBRARIES) < 3, reason="pandas, numpy and polars are needed")
def test_hundreds_of_forks_of_loaded_libraries_all_compute(tmp_path):
    (tmp_path / "code_of_a_fork.py").write_text(CODE)
    server = ForkServer(LIBRARIES)
    program = {"target": "code_of_a_fork:main", "about": {}, "environment": {}, "path": str(tmp_path)}
    try:
        for number in range(FORKS):
            child = server.fork(once=True, limits={})
            child.send({**program, "args": {"n": number}})
            reply = child.wait(LogFile(tmp_path / "log"), 20)
            assert (number, child.status, reply.get("value")) == (number, 0, number * (number - 1) // 2 + 1)
    finally:
        server.close()

"""A script whose output is a pipe fails at once, whatever the output should have been."""

from __future__ import annotations

import pytest

import pipeproof as pp

CODE = """
import os
def main(input_paths, output_paths):
    os.mkfifo(output_paths["x"])
"""


@pytest.mark.parametrize("kind", ["file", "csv"])
def test_a_pipe_as_an_output_is_a_clear_failure(tmp_path, kind):
    (tmp_path / "pipe.py").write_text(CODE)
    contract = "" if kind == "file" else ", contract: {outputs: {x: {format: csv}}}"
    (tmp_path / "p.yaml").write_text(
        "workflow: {name: p, steps: [{name: pipe, type: script, "
        f"config: {{script: pipe.py, outputs: {{x: x}}}}{contract}}}]}}"
    )
    done = pp.run(tmp_path / "p.yaml")
    assert done.record["pipe"].failure.code == "PPF503"
    assert "no file and no folder" in done.record["pipe"].failure.message

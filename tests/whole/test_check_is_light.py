"""`pipeproof check` imports no engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ENGINES = {"polars", "duckdb", "pandas", "numpy", "xgboost", "sklearn", "pyarrow", "sqlite3"}
STEPS = {
    "script": "{name: a, type: script, config: {script: s.py}}",
    "python": "{name: a, type: python, config: {function: 's.py:main'}}",
    "transform": "{name: a, type: transform, config: {input_name: raw, output_name: b, transformations: "
    "[{type: fill_nulls, columns: [x], value: 0}]}}",
    "sql": "{name: a, type: sql, config: {query_template: SELECT x FROM raw}}",
    "an unknown type": "{name: a, type: sqll}",
}


@pytest.mark.parametrize("kind", STEPS)
def test_a_check_imports_no_engine(kind: str, tmp_path: Path) -> None:
    (tmp_path / "s.py").write_text("def main(input_paths):\n    pass\n")
    (tmp_path / "raw.csv").write_text("x\n1\n")
    (tmp_path / "flow.yaml").write_text(
        f"sources: {{raw: raw.csv}}\nworkflow: {{name: w, steps: [{STEPS[kind]}]}}\n"
    )
    program = (
        "import sys\nfrom pipeproof.cli import main\ncode = main(['check', 'flow.yaml'])\n"
        f"print(code, sorted({ENGINES} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    expected = 2 if kind == "an unknown type" else 0
    assert done.stdout.splitlines()[-1] == f"{expected} []", done.stdout + done.stderr

"""How long `pipeproof check` takes for 200 steps of four kinds, whole process, best and median of ten.

Nothing is run, so no isolation is measured. Run it with the interpreter of the environment, on a quiet
machine, after one warm-up that writes the compiled modules.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from textwrap import indent

STEPS = 200
RUNS = 10
SCRIPT = "".join(f"def part_{n}(x):\n    return x + {n}\n\n\n" for n in range(40)) + (
    "def main(input_paths, output_paths, environ_vars, job_args):\n    pass\n"
)
KINDS = (
    (
        "type: sql\nconfig:\n  query_template: |\n    SELECT t.a, t.b, SUM(t.a) OVER (PARTITION BY t.b) AS c\n"
        "    FROM {before} AS t\n    WHERE t.a > {{limit}} AND t.b < 10\n  output_name: {made}\n"
        "contract: {{columns: {{a: integer, b: integer}}}}\n"
    ),
    (
        "type: script\nconfig: {{script: s{number}.py, inputs: {{x: {before}}}, outputs: {{y: {made}}}}}\n"
        "contract: {{inputs: {{x: {{format: csv}}}}, outputs: {{y: {{columns: {{a: integer, b: integer}}}}}}}}\n"
    ),
    (
        "type: transform\nconfig:\n  input_name: {before}\n  output_name: {made}\n"
        "  transformations: [{{type: fill_nulls, columns: [a], value: 0}}]\n"
    ),
    (
        "type: python\nconfig: {{function: 'f.py:f', inputs: {{x: {before}}}, output_name: {made}}}\n"
        "contract: {{columns: {{a: integer, b: integer}}}}\n"
    ),
)


def write(folder: Path) -> None:
    (folder / "raw.csv").write_text("a,b\n1,2\n")
    (folder / "f.py").write_text("def f(x):\n    return x\n")
    text = "sources: {raw: raw.csv}\nparameters: {limit: 3}\nworkflow:\n  name: big\n  steps:\n"
    before = "raw"
    for number in range(STEPS):
        (folder / f"s{number}.py").write_text(SCRIPT)
        made = f"d{number}"
        step = KINDS[number % 4].format(before=before, made=made, number=number)
        text += f"    - name: s{number}\n{indent(step, '      ')}"
        before = made
    (folder / "flow.yaml").write_text(text)


def measure(folder: Path, *command: str) -> list[float]:
    seconds = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], cwd=folder, check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    return sorted(seconds[1:])


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        for what, command in (
            ("python -c pass", ("-c", "pass")),
            (f"pipeproof check, {STEPS} steps", ("-m", "pipeproof", "check", "flow.yaml")),
        ):
            found = measure(folder, *command)
            print(f"{what:<28} best {found[0]:.3f} s  median {statistics.median(found):.3f} s")


if __name__ == "__main__":
    main()

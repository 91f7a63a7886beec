"""`pipeproof test flights`: seconds until the first line and until the end, and false alarms over seeds.

Run it in an environment with the demo's data exported (`script/demo` does that).
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from figures import say

FLIGHTS = Path(__file__).parents[1] / "examples" / "flights"


def prove(pipeline: str, seed: int) -> tuple[float, float, int, str]:
    """Return the seconds until the first line and until the end, the exit code, and all lines."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "pipeproof", "test", pipeline, "--seed", str(seed)],
        cwd=FLIGHTS,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        until_first = time.perf_counter() - began
        lines = first + process.stdout.read()
    return until_first, time.perf_counter() - began, process.returncode, lines


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="?", type=int, default=20)
    parser.add_argument("--pipeline", default="flights")
    given = parser.parse_args()
    runs = [prove(given.pipeline, seed) for seed in range(given.seeds)]
    say("first line", statistics.median(first for first, *_ in runs), "s", "median")
    say("whole test", statistics.median(whole for _, whole, *_ in runs), "s", "median")
    say("slowest", max(whole for _, whole, *_ in runs), "s")
    alarms = [(seed, lines) for seed, (_, _, code, lines) in enumerate(runs) if code]
    say("seeds that failed", len(alarms), f"of {given.seeds}")
    for seed, lines in alarms:
        print(f"seed {seed}:\n{lines}")


if __name__ == "__main__":
    main()

"""A table of a gigabyte from one python step to the next, over the same by hand.

By hand: Polars writes the table, its SHA-256 is taken, Polars reads it. The pipeline does this and keeps the table for good:
on the disk, under its digest, with rows and columns in the record. `--durable` lets the hand wait for the disk too.

    .venv/bin/python bench/big_table.py [ROWS] [--durable]
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import say

COLUMNS = 8
STEPS = f"""
import time
import numpy as np
import polars as pl

def table(rows):
    made = np.random.default_rng(0)
    return pl.DataFrame({{f"c{{number}}": made.random(rows) for number in range({COLUMNS})}})

def make(rows):
    frame = table(rows)
    open({{folder!r}} + "/began", "w").write(str(time.time()))
    return frame

def use(made):
    total = float(made["c0"].sum())
    open({{folder!r}} + "/ended", "w").write(str(time.time()))
    return total
"""
PIPELINE = """
parameters: {rows: 1}
workflow:
  name: big
  steps:
    - {name: made, type: python, config: {function: "steps.py:make"}}
    - {name: used, type: python, config: {function: "steps.py:use", inputs: [made]}}
"""
BY_HAND = """
import hashlib, os, sys, time
import polars as pl
from steps import table
from pipeproof.formats.tables import write

frame = table(int(sys.argv[1]))
start = time.perf_counter()
write(frame.lazy(), "by-hand.parquet", "parquet")
with open("by-hand.parquet", "rb") as file:
    hashlib.file_digest(file, "sha256").hexdigest()
    if sys.argv[2] == "durable":
        os.fsync(file.fileno())
float(pl.read_parquet("by-hand.parquet")["c0"].sum())
print(time.perf_counter() - start)
"""


def by_hand(folder: Path, rows: int, *, durable: bool) -> tuple[float, int]:
    program = [sys.executable, "-c", BY_HAND, str(rows), "durable" if durable else "quick"]
    done = subprocess.run(program, cwd=folder, capture_output=True, text=True, check=True)
    path = folder / "by-hand.parquet"
    size = path.stat().st_size
    path.unlink()
    return float(done.stdout), size


def by_pipeline(folder: Path, rows: int) -> float:
    command = [sys.executable, "-m", "pipeproof", "run", "big.yaml", "-p", f"rows={rows}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    took = float((folder / "ended").read_text()) - float((folder / "began").read_text())
    shutil.rmtree(folder / ".pipeproof")  # nothing is taken from an earlier run
    return took


def main() -> None:
    rows = next((int(word) for word in sys.argv[1:] if word.isdecimal()), 2**30 // 8 // COLUMNS)
    durable = "--durable" in sys.argv
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "steps.py").write_text(STEPS.replace("{folder!r}", repr(str(folder))))
        (folder / "big.yaml").write_text(PIPELINE)
        hands, ours = [], []
        for _ in range(3):  # in turns, so that a disk that grows slow slows both
            seconds, size = by_hand(folder, rows, durable=durable)
            hands.append(seconds)
            ours.append(by_pipeline(folder, rows))
    hand, our = sorted(hands)[1], sorted(ours)[1]
    say("by hand" + (", on the disk" if durable else ""), hand, "s", f"{size / 1e6:,.0f} MB")
    say("from one step to the next", our, "s")
    say("speed over that by hand", hand / our, "")


if __name__ == "__main__":
    main()

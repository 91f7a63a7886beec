"""From the request for a fresh fork to its first line, with heavy libraries ready; against a new interpreter."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import median, say

from pipeproof.running.children import ForkServer
from pipeproof.running.logs import LogFile

LIBRARIES = ["pandas", "sklearn", "xgboost"]


def first_line(server: ForkServer, folder: Path) -> tuple[float, float]:
    """Return the milliseconds to the first line of a fork's code, and to its end."""
    program = {"target": "line:main", "args": {}, "about": {}, "environment": {}, "path": str(folder)}
    began = time.monotonic()
    child = server.fork(once=True, limits={})
    child.send(program)
    reply = child.wait(LogFile(folder / "log"), 60)
    return (reply["value"] - began) * 1e3, (time.monotonic() - began) * 1e3


def main() -> None:
    """Print the figures."""
    folder = Path(tempfile.mkdtemp(prefix="pipeproof-bench-"))
    (folder / "line.py").write_text("import time\ndef main(args, context):\n    return time.monotonic()\n")
    server = ForkServer(["pipeproof.steps.calls.script", *LIBRARIES])
    first_line(server, folder)
    took = [first_line(server, folder) for _ in range(50)]
    server.close()
    fork = statistics.median(line for line, _ in took)
    say("fresh fork, to its first line", fork, "ms")
    say("fresh fork, until it has ended", statistics.median(end for _, end in took), "ms")
    imports = "import " + ", ".join(LIBRARIES)
    new = median(lambda: subprocess.run([sys.executable, "-c", imports], check=True), 3) * 1e3
    say("new interpreter with the same imports", new, "ms", f"{new / fork:.0f}x a fork")


if __name__ == "__main__":
    main()

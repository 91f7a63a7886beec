"""How long the command takes to start, and how many packages a core install has."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import requires

from figures import median, say


def start(*words: str) -> float:
    """Return the milliseconds that an interpreter takes with these words."""
    return median(lambda: subprocess.run([sys.executable, *words], check=True, capture_output=True), 15) * 1e3


def packages(name: str, found: set[str] | None = None) -> set[str]:
    """Return a package with all that it needs, extras left out."""
    found = set() if found is None else found
    if name.lower() in found:
        return found
    found.add(name.lower())
    try:
        needs = requires(name) or []
    except ModuleNotFoundError:
        return found
    for need in needs:
        words, _, marker = need.partition(";")
        if not marker:
            packages(
                words.split("[")[0].split("=")[0].split(">")[0].split("<")[0].split("!")[0].strip(" (~"),
                found,
            )
    return found


def main() -> None:
    """Print the figures."""
    bare = start("-c", "pass")
    say("python -c pass", bare, "ms")
    for what, words in {
        "pipeproof --help": ("-m", "pipeproof", "--help"),
        "import pipeproof": ("-c", "import pipeproof"),
        "import pipeproof.project": ("-c", "import pipeproof.project"),
    }.items():
        took = start(*words)
        say(what, took, "ms", f"{took / bare:.1f}x bare")
    core = packages("pipeproof")
    say("packages of a core install", len(core), "", ", ".join(sorted(core)))


if __name__ == "__main__":
    main()

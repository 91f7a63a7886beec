"""How long the reports of a test of 150 trials take to write, and how large they are."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from figures import median, say

from pipeproof.report.html import html_page
from pipeproof.report.junit import junit_xml
from pipeproof.report.test_document import test_document

EXAMPLE = Path(__file__).parent.parent / "tests" / "report" / "flights_example.py"
TRIALS = 150


def example() -> ModuleType:
    """Return the module with the example that the tests use too."""
    spec = importlib.util.spec_from_file_location("flights_example", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def document(flights: ModuleType) -> dict[str, Any]:
    """Return the failing test of the example, with trials added until there are enough."""
    made = test_document(*flights.example(broken=True), flights.log_of)
    more = [trial for trial in made["trials"] if trial["scenario"] == "malformed"]
    made["trials"] += more[: TRIALS - len(made["trials"])]
    return made


def first_page() -> float:
    """Return the seconds that the first page of a process takes, imports and all."""
    code = "import json, sys; from pipeproof.report.html import html_page; html_page(json.load(sys.stdin))"
    text = json.dumps(document(example()))
    return median(lambda: subprocess.run([sys.executable, "-c", code], input=text, text=True, check=True), 5)


def main() -> None:
    """Print the figures."""
    flights = example()
    made = document(flights)
    page, junit = html_page(made), junit_xml(made)
    trials = f"{len(made['trials'])} trials, {len(made['findings'])} findings"
    say("document", median(lambda: document(flights)) * 1e3, "ms", trials)
    say("HTML", median(lambda: html_page(made)) * 1e3, "ms", f"{len(page.encode()) / 1e3:.0f} kB")
    say("JUnit", median(lambda: junit_xml(made)) * 1e3, "ms", f"{len(junit.encode()) / 1e3:.0f} kB")
    say("HTML in a new process", first_page() * 1e3, "ms", "with starting Python and all imports")


if __name__ == "__main__":
    main()

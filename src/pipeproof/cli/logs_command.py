"""Show what a step of a past run printed."""

from __future__ import annotations

import argparse
import glob
import sys
from pathlib import Path

from pipeproof.cli.frame import PASSED
from pipeproof.cli.options import add_run
from pipeproof.cli.parser import at_least
from pipeproof.cli.say import say, say_json
from pipeproof.errors import Finding, UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_run(parser)
    parser.add_argument("step", metavar="STEP", help="name of a step")
    parser.add_argument(
        "--attempt", type=at_least(1), metavar="N", help="number of the attempt; the last one unless given"
    )


def run(options: argparse.Namespace) -> int:
    """Print the log of an attempt at a step."""
    from pipeproof.cli.show_command import step_of
    from pipeproof.project import Project
    from pipeproof.running.summary import summarise

    project = Project.at(Path.cwd())
    record = project.record(options.run)
    step = step_of(summarise(record), options.step)
    while step.status == "reused" and step.name in record.steps:  # what it printed stands where it ran
        earlier = record.steps[step.name].reused_from
        if not earlier or earlier not in project.ledger.runs():
            break
        record = project.record(earlier)
        step = step_of(summarise(record), options.step)
    summary = summarise(record)
    attempt = options.attempt or max(step.attempts, 1)
    if options.attempt and options.attempt > step.attempts:
        what = f"{step.name} has no attempt {attempt} in {summary.run}"
        raise UsageError(Finding("PPF526", what, fix=f"it was tried {step.attempts} times"))
    path = _log(project.state / "runs" / summary.run / "logs", step.name, attempt)
    text = path.read_bytes() if path is not None else b""
    if options.format == "json":
        document = {
            "run": summary.run,
            "step": step.name,
            "attempt": attempt,
            "text": text.decode("utf-8", "replace"),
        }
        say_json({"schema": "pipeproof.logs/1", **document})
    elif text:
        _print(text)
    elif not step.attempts:
        why = f": {step.why}" if step.why else ""
        say(f"{step.name} was not begun in {summary.run} ({step.status}{why})", stream=sys.stderr)
    else:
        say(
            f"{step.name} printed nothing in attempt {attempt} of {summary.run} ({step.status})",
            stream=sys.stderr,
        )
    return PASSED


def _log(folder: Path, step: str, attempt: int) -> Path | None:
    """Return the log of an attempt, of the last part of a run that went on.

    By place, not by record: a run that was killed has logs that its record does not name.
    """
    name = glob.escape(step.replace("/", "~"))  # the task of a trial is TRIAL/STEP
    found = [*folder.glob(f"{name}.{attempt}.log"), *folder.glob(f"{name}.[0-9]*-{attempt}.log")]
    return max(found, key=lambda path: path.stat().st_mtime_ns, default=None)


def _print(text: bytes) -> None:
    shown = text.decode("utf-8", "replace")
    say(shown.removesuffix("\n"))

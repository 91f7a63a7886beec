"""A step's code under the interpreter of another environment: a fork that goes on as that interpreter."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeproof.errors import ConfigError
from pipeproof.planning.interpreters import OTHERS, find_program
from pipeproof.planning.isolation import no_interpreter
from pipeproof.ports import Job
from pipeproof.running.asked import left_out

GUEST = Path(__file__).with_name("guest.py")
"""The program that the other interpreter runs."""


def command_for(job: Job) -> dict[str, Any]:
    """Return what a fork goes on as: program, variables that it gets, and those that it must not have.

    Raises:
        ConfigError: There is no such interpreter here.
    """
    program = find_program(job.step.python, job.root)
    if program is None:
        raise ConfigError(no_interpreter(job.step.name, job.step.python))
    without = list(OTHERS)
    if job.sealed and not job.real:
        without += left_out(os.environ, [variable.name for variable in job.step.contract.environment])
    # -u: what is printed before a crash is in the log.
    return {
        "program": [str(program), "-u", str(GUEST)],
        "environment": _variables(program),
        "without": without,
    }


def _variables(program: Path) -> Mapping[str, str]:
    """Return the variables that say to programs which environment they are in."""
    found = {"PATH": f"{program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    prefix = program.parent.parent
    return found | ({"VIRTUAL_ENV": str(prefix)} if (prefix / "pyvenv.cfg").is_file() else {})

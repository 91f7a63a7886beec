"""Codes of doing past runs again, PPF585 to PPF589."""

from __future__ import annotations

from pipeproof.codes.code import Code

REPRODUCING = (
    Code(
        "PPF585",
        "the step touches the world, and is not run again",
        "A replay never does to the world again what a run did: what goes to targets is written to a folder of the "
        "replay, and a step whose effect cannot be redirected so is refused.",
        "Look at what it read (`pipeproof show RUN STEP`), or run it for real: pipeproof run PIPELINE --only STEP.",
        example="pipeproof replay last send     # a script with effects: external",
    ),
    Code(
        "PPF586",
        "the debugger cannot get to the code",
        "The debugger stands in the process of the command. Code in another environment or in a container runs in a "
        "process of another interpreter, a query or a list of operations is no Python code of yours, and a step "
        "that touches the world cannot be held off from it there.",
        "pipeproof replay RUN STEP runs the step where it ran, without a debugger.",
        example="pipeproof replay last train --debug     # a step with python: .venv-old",
    ),
    Code(
        "PPF587",
        "nothing of the run can be verified",
        "To verify is to do steps again and compare what they make. Of this run not one step can be done again: its "
        "steps did not pass, touch the world, have no key, or what they read is not kept any more.",
        "`pipeproof show RUN` says what became of each step; run it again: pipeproof run PIPELINE.",
        example="pipeproof verify r-0101-xxxx     # after pipeproof gc removed what it read",
    ),
)

"""Codes of how a step or a run is set up: found before anything runs."""

from __future__ import annotations

from pipeproof.codes.code import Code, steps

_MAIN = "def main(input_paths, output_paths, environ_vars, job_args):\n    pass\n"

SETTINGS = (
    Code(
        "PPF135",
        "a pipeline is run while its file is imported",
        "A worker imports the file of a function to call it. If the file runs the pipeline at its top level, each "
        "worker would run it again.",
        'Put the call of pipeproof.run under `if __name__ == "__main__":`.',
        example="pipeproof.run(pipeline) at the top level of the file that holds its functions",
    ),
    Code(
        "PPF154",
        "limits without a process of their own",
        "`resources:` are limits of a process, and the step asks for a thread or for a warm worker, which "
        "other steps use too. The limits would hold for nobody.",
        "Write `isolation: fresh`, or drop `isolation`: limits alone give the step a process of its own.",
        files=steps(
            "- name: one\n  type: script\n  isolation: worker\n  resources: {memory: 1GB}\n"
            "  config: {script: clean.py}\n",
            clean__py=_MAIN,
        ),
    ),
    Code(
        "PPF155",
        "environment variables that nothing reads",
        "`env:` is the environment of a process. A step that runs in a thread of Pipeproof's own process has "
        "none: an error for code that has been put into a thread, a warning for kinds that read no variables.",
        "Drop `isolation: thread`, or drop `env`.",
        files=steps(
            "- name: one\n  type: script\n  isolation: thread\n  env: {LEVEL: high}\n"
            "  config: {script: clean.py}\n",
            clean__py=_MAIN,
        ),
    ),
    Code(
        "PPF156",
        "an argument that its contract does not allow",
        "The contract of the step lists the arguments of its code. One that it requires is not given, one is "
        "of another type, or (as a warning) one is given that is not in the list.",
        "Give the argument as the contract says, or correct the contract.",
        files=steps(
            """
            - name: one
              type: script
              config: {script: clean.py}
              contract: {arguments: {day: {required: true}}}
            """,
            clean__py=_MAIN,
        ),
    ),
    Code(
        "PPF157",
        "a contract refers to what is not there",
        "A column's `references:` names a dataset, or a column of one, that the pipeline has not; or `rows: "
        "{of: ...}` names what is no input of the step.",
        "Correct the name; write a reference as `dataset.column`.",
        files=steps(
            """
            - name: one
              type: script
              config: {script: clean.py, outputs: {trips: trips}}
              contract:
                outputs:
                  trips: {format: csv, columns: {plane: {type: string, references: planes.tailnum}}}
            """,
            clean__py=_MAIN,
        ),
    ),
)

"""Codes of steps that run in another environment or in a container, and of their limits, PPF530 to PPF535."""

from __future__ import annotations

from pipeproof.codes.code import Code

ISOLATING = (
    Code(
        "PPF530",
        "settings of where a step runs contradict each other",
        "`isolation`, `python` and `container` say where the code runs, and they do not agree, or the step "
        "has no code of the user's that another interpreter could run: sql, transform, model and files steps "
        "are Pipeproof's own code.",
        "Give `python` or `container`, which say it alone, to a script or python step.",
        example="isolation: environment     # and no `python:`",
    ),
    Code(
        "PPF531",
        "the interpreter of a step is not there",
        "`python:` of a step names a virtual environment, a program or a version of Python which is not "
        "installed here, does not run, or is older than 3.9.",
        "Make the environment (`python -m venv envs/legacy`), or correct the path; relative paths start from the "
        "folder of the project.",
        example="python: envs/not-there",
    ),
    Code(
        "PPF532",
        "the environment of a step cannot read or write tables",
        "A python step gets tables as Parquet, and its environment has neither polars, nor pandas with "
        "pyarrow or fastparquet.",
        "Install polars in that environment, annotate the parameter as `Path`, or write a script step, "
        "whose contract can ask for CSV.",
        example="python: envs/empty     # of a function that takes a table",
    ),
    Code(
        "PPF533",
        "nothing can start the container of a step",
        "An image needs podman or docker, a root file system podman or bubblewrap. None that can is installed "
        "here, or the folder of the root file system is not there.",
        "Install one of them, or correct `container`.",
        example="container: {rootfs: images/not-there}",
    ),
    Code(
        "PPF534",
        "a container could not be started",
        "The engine ended with a status of its own (125, 126, 127): the image cannot be had, a mount is refused, or "
        "the interpreter is not in it.",
        "Read the log of the step, which has what the engine said, and start the image by hand.",
        example="container: {image: alpine}     # which has no python3",
    ),
    Code(
        "PPF535",
        "a step had too many processes",
        "The step and all that it started were more processes than `resources.processes` allows, so all of them "
        "were ended. Where control groups can be used, the kernel refuses the process instead.",
        "Start fewer workers, or raise the limit.",
        example="resources: {processes: 4}     # of a step that starts a pool of 16",
    ),
)

"""Codes of runs whose steps run in the workers of an executor, PPF558 to PPF562."""

from __future__ import annotations

from pipeproof.codes.code import Code

EXECUTORS = (
    Code(
        "PPF558",
        "an executor lost a step",
        "The worker process that had the step died, or the executor broke, was shut down or lost its cluster. "
        "Often the kernel killed the worker for want of memory. A pool of processes is broken as a whole when one "
        "of them dies: all steps that it had are lost with it.",
        "Look at the executor's log, and compare the memory of the step with the machine's. Hand in a function "
        "that makes the executor: a broken one is then replaced, and the step tried again.",
        example="kill -9 of a worker of pp.run(pipeline, executor=pool)",
    ),
    Code(
        "PPF559",
        "a step cannot travel to a worker",
        "A step that runs in a worker of an executor is pickled on the way. Something in its configuration "
        "cannot be, or its kind of step is not installed where the worker runs.",
        "Give plain values in `arguments`, install the package of the kind on the workers, or run without an "
        "executor.",
        example="arguments={'lock': threading.Lock()}     # of a step, under pp.run(pipeline, executor=pool)",
    ),
    Code(
        "PPF560",
        "the executor cannot be used",
        "What was given is no `concurrent.futures.Executor`, or its workers are forks of the process that calls "
        "`pp.run`: a fork has the locks of the threads of Polars and DuckDB, but not the threads that would open "
        "them again, and hangs.",
        'Make it with `mp_context=multiprocessing.get_context("spawn")`; of a Dask client give '
        "`client.get_executor()`.",
        example="pp.run(pipeline, executor=ProcessPoolExecutor())     # forks on Linux before Python 3.14",
    ),
    Code(
        "PPF561",
        "a worker does not see the folder of the run",
        "Data, logs and the end of a run go through its folder, which the workers of an executor must see under "
        "the same path as the process of the run does. This worker does not: it is on another machine.",
        "Use workers on this machine, or a file system that all of them share.",
        example="a Dask worker on a host that does not mount the project",
    ),
    Code(
        "PPF562",
        "a worker has another version of Pipeproof",
        "A step is described as this version knows it; another one could misunderstand it.",
        "Install the same version for both, and start the workers anew.",
        example="a Dask cluster that was started before Pipeproof was updated",
    ),
)

"""Codes of running, PPF2xx: a step failed, and how."""

from __future__ import annotations

from pipeproof.codes.code import Code

RUNNING = (
    Code(
        "PPF201",
        "the code raised an error",
        "The user's code, or a library that it called, raised an exception. The line shown is the last one "
        "of the user's own. Errors that come again whatever the hour (a missing column, a wrong type) are "
        "not tried again; `retry_on: any` changes that.",
        "Correct the line. `pipeproof logs RUN STEP` shows all that the step printed; where a step upstream "
        "is to blame, the failure names it behind `cause`.",
        example="raise ValueError('no rows')     # anywhere in a step's code",
    ),
    Code(
        "PPF202",
        "the step took too long",
        "It used more wall time than `timeout`, or more processor time than `resources.cpu_seconds`. The "
        "step, and every process that it started, was ended.",
        "Raise the limit, or look in its log for where it waits.",
        example="timeout: 2s     # of a step that sleeps for 10",
    ),
    Code(
        "PPF203",
        "the process was killed by a signal",
        "The process died instead of raising an error: a crash in C code (SIGSEGV), a library that gave up "
        "(SIGABRT), or a kill from outside (SIGKILL), which is often the kernel when memory runs out.",
        "Look at the end of the log; for SIGKILL compare the step's memory with the machine's.",
        example="import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    ),
    Code(
        "PPF204",
        "the code ended its own process",
        "The code called sys.exit or os._exit with a status other than 0, which says that it failed.",
        "Raise an error instead: it says where and why. Check arguments first: argparse exits with 2.",
        example="import sys; sys.exit(3)",
    ),
    Code(
        "PPF205",
        "the step ran out of memory",
        "An allocation failed, either for want of memory or because of `resources.memory`.",
        "Raise the limit, or process the data in parts. `pipeproof show RUN` shows what each step used.",
        example="resources: {memory: 50MB}     # of a step that builds a list of 1 GB",
    ),
    Code(
        "PPF207",
        "an output was not written",
        "The code ended well and what it promised is not there, so the next step would have nothing to read.",
        "Write to the path given in output_paths, or mark the output `required: false`.",
        example="a script whose contract has an output that its main never writes",
    ),
    Code(
        "PPF208",
        "an output cannot be read or is not supported",
        "What was written is not in the format that the contract names (broken, empty, another format), or "
        "a function returned something that is no table, file or plain value.",
        "Write the format that the contract says; return a table, a path, or plain values.",
        example="a contract that says format: parquet, and code that writes CSV",
    ),
    Code(
        "PPF209",
        "an import failed",
        "The code imports a module that is not installed here, or a name that the module does not have.",
        "Install the package in the environment that runs Pipeproof, or correct the import.",
        example="import a_module_that_is_not_there",
    ),
    Code(
        "PPF210",
        "the step was interrupted",
        "The run was stopped (Ctrl-C, SIGTERM, the run's own timeout) while the step was at work.",
        "Run it again; nothing is left half-done among what the run keeps.",
        example="Ctrl-C during `pipeproof run`",
    ),
    Code(
        "PPF211",
        "no process could be started for the step",
        "The system refused another process, or the server that forks them ended. Usually a limit on "
        "processes or memory is reached.",
        "Lower `--jobs`, close other programs, or raise the limit (`ulimit -u`).",
        example="ulimit -u 10; pipeproof run flights",
    ),
    Code(
        "PPF212",
        "a file is there already",
        "A copy would take the place of a file, and the step says `overwrite: false`.",
        "Remove it, write to another name (such as one with {partition_date}), or set `overwrite: true`.",
        example="overwrite: false     # in the second run of a step that publishes a file",
    ),
    Code(
        "PPF213",
        "a target cannot be written",
        "The place that a step copies to cannot be written: no permission, or a folder where a file should be.",
        "Check the path and its permissions.",
        example="to: /etc/predictions.csv",
    ),
    Code(
        "PPF240",
        "the database refuses the query",
        "The query could be parsed, and the database cannot run it on these tables: an unknown column or "
        "function, types that do not match, a value that cannot be converted.",
        "Correct the query at the place shown; the message lists what is known.",
        example="SELECT wind_sped FROM flights     # without a contract that would have shown it earlier",
    ),
    Code(
        "PPF241",
        "the result of a query cannot be kept",
        "Two columns of the result have the same name (SQL does not tell upper from lower case), or a whole "
        "number is larger than 64 bits hold.",
        "Name one of the columns with AS; cast large numbers, for example CAST(sum(x) AS DOUBLE).",
        example="SELECT a.id, b.id FROM a JOIN b USING (k)",
    ),
    Code(
        "PPF242",
        "an operation of a transform failed on the values",
        "The operation is right in itself, and some value cannot go through it: text that is no number, a "
        "number that is too large for its type.",
        "Filter or cast these values before, or use `strict: false` in a cast to get missing values instead.",
        example="{type: cast, columns: {amount: integer}}     # of a table with the amount 'n/a'",
    ),
    Code(
        "PPF243",
        "a step wanted to touch the world outside of its trial",
        "A test holds the code of a step off from the world: it may write to its own folder only, and reaches "
        "no network. The code wanted to change a file elsewhere, or to connect.",
        "Write below `output_paths` or to a temporary file. If the effect is what the step is for, say "
        "`effects: external`: tests leave such a step out.",
        example="open('/data/report.csv', 'w')     # in a script, under `pipeproof test`",
    ),
    Code(
        "PPF244",
        "a function cannot be held off from the world",
        "A test runs code in a process of its own, which is held off from the world. A function of a notebook, "
        "a prompt or the main file lives in this process alone.",
        "Put the function into a module of its own, which another process can import.",
        example="@pp.step in a notebook cell, then pp.test(pipeline)",
    ),
    Code(
        "PPF260",
        "the context knows no such dataset or step",
        "Code asked its context for a dataset or a result that it cannot see. A step sees its inputs, what the "
        "steps that it waits for have made and stored, and what those waited for; what runs beside it or after "
        "it may not be there yet.",
        "Correct the name, or list the step that makes it in `depends_on`.",
        example="context.data('features')     # in a step that does not wait for the one that makes them",
    ),
    Code(
        "PPF261",
        "a name is used twice in a step",
        "A dataset was stored, or an artifact logged, under a name that is taken: by another one of this step, "
        "by a dataset of the pipeline, or by an output that the function returns too.",
        "Use another name; an output is stored or returned, not both.",
        example="context.store('report', 1); context.store('report', 2)",
    ),
    Code(
        "PPF262",
        "something logged cannot be kept in the record",
        "The file of an artifact is not there, metadata are more than plain data of a moderate size, or a name "
        "is empty, too long, or holds a secret.",
        "Write the file before it is logged; store what is large as a dataset of its own.",
        example="context.log_artifact('plot.png')     # before the plot is saved",
    ),
    Code(
        "PPF263",
        "a checkpoint cannot be kept",
        "A checkpoint is a table, a NumPy array, bytes, a path, or values that JSON can hold, with texts as the "
        "keys of mappings. Anything else could not be given back as it was.",
        "Save its parts: the weights as an array, a library's model as the file that it writes.",
        example="context.save_checkpoint('model', object())",
    ),
    Code(
        "PPF264",
        "two loops of a step have the same name",
        "`context.iterate` finds by the name of a loop how far an earlier attempt came with it, so each loop "
        "needs a name of its own.",
        "Name them: `context.iterate(items, name='epochs')`.",
        example="two loops over context.iterate(items) one after the other in one function",
    ),
    Code(
        "PPF299",
        "Pipeproof itself failed",
        "This is a fault of Pipeproof's and not of the pipeline.",
        "Run it again with `--debug` and report what it shows, with the version (`pipeproof --version`).",
        example="none is known; that is what reports are for",
    ),
)

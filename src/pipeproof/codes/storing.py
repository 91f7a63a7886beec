"""Codes of kept runs and of the command line, PPF5xx."""

from __future__ import annotations

from pipeproof.codes.code import Code

STORING = (
    Code(
        "PPF501",
        "runs cannot be kept",
        "The ledger of runs (.pipeproof/ledger.db in the project or in PIPEPROOF_WORKSPACE) cannot be opened "
        "or written: no permission, a full disk, another kind of file, or one of a newer version.",
        "Make room or give permission, set PIPEPROOF_WORKSPACE to another folder, or update Pipeproof.",
        example="chmod -w .pipeproof && pipeproof run flights",
    ),
    Code(
        "PPF502",
        "the ledger lies on a network file system",
        "SQLite needs locks that hold; on network file systems they often do not, and data can be lost.",
        "Set PIPEPROOF_WORKSPACE to a folder on a local disk.",
        example="PIPEPROOF_WORKSPACE=/mnt/nfs/work pipeproof run flights",
    ),
    Code(
        "PPF503",
        "a link leaves the folder",
        "An output folder holds a symbolic link to something outside of it, which would not be there when "
        "the folder is laid out elsewhere.",
        "Copy the file into the folder instead of linking to it.",
        example="ln -s /etc/hosts output/hosts     # in a step whose output is a folder",
    ),
    Code(
        "PPF504",
        "there is no such run",
        "No run of that name is kept in the project around the current folder.",
        "`pipeproof runs` lists what there is; `last` is the newest.",
        example="pipeproof show r-0101-xxxx",
    ),
    Code(
        "PPF505",
        "the dataset is no table",
        "A table was asked for, and the step made a file, a folder or a plain value.",
        "Use .value for a value, .save(path) for a file or folder.",
        example='run["train"].outputs["model"].table()',
    ),
    Code(
        "PPF506",
        "the run cannot go on",
        "The run has passed, another process works on it, it is a test, or its pipeline was made in memory and is not given.",
        "`pipeproof runs` says how runs ended; `pipeproof run` begins a new one.",
        example="pipeproof resume r-0101-xxxx",
    ),
    Code(
        "PPF507",
        "a touch of the world was cut short",
        "A step with `effects: external` was at work when its run was interrupted. Whether it did what it does to the "
        "world cannot be known from here, and doing it twice may be wrong.",
        "See whether it took place. If the step may be done again: pipeproof resume RUN --again STEP. A step that can "
        "always be done twice says `idempotent: true`.",
        example="kill -9 during a step that sends a message; then: pipeproof resume last",
    ),
    Code(
        "PPF508",
        "the step cannot be run again",
        "A replay or a verification needs what the step read and how it was configured in the past run: one of both is not "
        "kept any more, the step did not run, or it is a source.",
        "`pipeproof show RUN` says what became of each step; `pipeproof run --until STEP` makes it anew.",
        example="pipeproof replay last raw",
    ),
    Code(
        "PPF509",
        "a target is held",
        "Another process publishes to the same target or rolls it back, and did not let go of its lock for a minute. Such a "
        "process is stopped or waits for a disk: the lock of one that has ended is free.",
        "See what that process waits for, or end it; then run `pipeproof resume`.",
        example="kill -STOP of a run that publishes; then: pipeproof run flights",
    ),
    Code(
        "PPF510",
        "what goes out cannot be noted",
        "Before a file takes its place in a target, .pipeproof/targets says what it replaces, so that it can be put back. That "
        "could not be written: a full disk, or no permission.",
        "Make room or give permission, then run `pipeproof resume`.",
        example="chmod -w .pipeproof && pipeproof run flights",
    ),
    Code(
        "PPF511",
        "the run publishes nothing",
        "A test, a replay or a verification writes to no target, so there is nothing to roll back.",
        "`pipeproof runs` lists the runs that may have.",
        example="pipeproof rollback t-0101-xxxx",
    ),
    Code(
        "PPF512",
        "there is nothing to put back",
        "No `files` step of the run has copied anything to a target. What other steps do to the world is not known.",
        "`pipeproof show RUN` says how far it came.",
        example="pipeproof rollback last     # of a run that failed before it published",
    ),
    Code(
        "PPF513",
        "the run to go back to is none",
        "The run after `--to` must be one of the same pipeline, and must have begun before the one that is rolled back.",
        "`pipeproof runs` lists them, newest first.",
        example="pipeproof rollback last --to r-0101-xxxx",
    ),
    Code(
        "PPF514",
        "a target changed meanwhile",
        "A file of a target was written while it was to be put back. Nothing was touched.",
        "Roll back again.",
        example="pipeproof rollback last & cp other.csv published/report.csv",
    ),
    Code(
        "PPF515",
        "what should be put back is not kept",
        "The content that a target had before was cleared away, by `pipeproof gc` or `pipeproof data forget`.",
        "Go back to another run with `--to`, or run the pipeline again on the data of then.",
        example="pipeproof gc --keep-last 1 && pipeproof rollback last --to r-0101-xxxx",
    ),
    Code(
        "PPF516",
        "the disk takes nothing more",
        "What a step reads was to be laid out, or what it made was to be taken in, and the disk that the runs are kept on is full, "
        "has no quota left, or can only be read. What was done before is kept, and no half object is.",
        "Make room (`pipeproof gc` clears old runs away) or make it writable, then run `pipeproof resume`.",
        example="fallocate -l 100G .pipeproof/fill; pipeproof run flights",
    ),
    Code(
        "PPF517",
        "a kept object is damaged",
        "The content of something that a run made is not what its name, its own digest, says: a bad disk, or somebody wrote "
        "into the store. Nothing is computed from it, and it lies in .pipeproof/objects/damaged from now on.",
        "Run the pipeline again: the step that made it does not find it, and makes it anew.",
        example="one byte of a file in .pipeproof/objects is changed; then: pipeproof verify last",
    ),
    Code(
        "PPF521",
        "there is no such command",
        "The first word after `pipeproof` is the command; options come after it.",
        "`pipeproof --help` lists the commands.",
        example="pipeproof rnu flights",
    ),
    Code(
        "PPF522",
        "the command line is wrong",
        "A command was given an option that it does not have, a value that an option cannot take, a word too "
        "many, or not enough of them.",
        "`pipeproof COMMAND --help` says what it takes.",
        example="pipeproof run flights --jbos 4",
    ),
    Code(
        "PPF523",
        "a file cannot be written",
        "The file that a result should go to cannot be written: no such folder, no permission, a folder of "
        "that name, a full disk. Or something is there already, which is not replaced unasked.",
        "Name a file in a folder that you may write to; replace what is there with `--force`.",
        example="pipeproof run flights --json /no/such/folder/run.json",
    ),
    Code(
        "PPF524",
        "the new project cannot be made",
        "The name is not one that works as a folder, a pipeline and a word in YAML, or the folder already "
        "holds something that would be overwritten.",
        "Choose a name of letters, digits, _ and -, for a folder that is empty or not there yet.",
        example="pipeproof new 'my project!'",
    ),
    Code(
        "PPF525",
        "there is no such code",
        "Finding codes are PPF and three digits.",
        "`pipeproof help` lists all of them.",
        example="pipeproof help PPF999",
    ),
    Code(
        "PPF526",
        "there is no such attempt",
        "The step was not tried so often in that run.",
        "Leave `--attempt` out for the last one.",
        example="pipeproof logs last train --attempt 9",
    ),
)

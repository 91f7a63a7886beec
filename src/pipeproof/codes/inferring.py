"""Codes of what is inferred and shrunk, PPF36x."""

from __future__ import annotations

from pipeproof.codes.code import Code

INFERRING = (
    Code(
        "PPF360",
        "two samples have one name",
        "Contracts of several tables are told apart by the names of the tables, which are those of their files. "
        "Two files of one name would share a contract.",
        "Rename one of the files, or put the files of one table into a folder and name the folder.",
        example="pipeproof contract infer january/orders.csv february/orders.csv",
    ),
    Code(
        "PPF361",
        "a sample without columns",
        "A contract is inferred from columns and their values, and this table has none.",
        "Look at how the file was written; a table needs at least a header.",
        example="pipeproof contract infer empty.parquet     # a table without columns",
    ),
    Code(
        "PPF362",
        "what a step declares is not what it does",
        "Watched at work, with one thing taken away at a time, the step needed something that its contract calls "
        "optional or does not name, never used something that it declares, or did not write an output.",
        "Change the contract, or the code; the inferred contract is printed above.",
        example="pipeproof contract infer flights clean     # of a step whose contract names a column that it never reads",
    ),
    Code(
        "PPF363",
        "nothing is known of an input",
        "A step is watched on the data that the last run made for it, or on data made from contracts. For this input "
        "there is neither.",
        "Run the pipeline up to the step, or give the input a contract with columns.",
        example="pipeproof contract infer shop clean     # before anything was run, and without contracts",
    ),
    Code(
        "PPF364",
        "a step that fails cannot be watched",
        "What a step needs is seen by taking things away from it. One that fails with everything in place shows nothing.",
        "Mend the step first; `pipeproof test PIPELINE STEP` shows where it fails.",
        example="pipeproof contract infer shop clean     # of a step that raises an error on any data",
    ),
    Code(
        "PPF365",
        "what is to be shrunk does not fail",
        "A table is shrunk by trying smaller ones that still fail in the same way. This one does not fail, or only "
        "because of how its file is written.",
        "Run the command with the whole table first, and look at its exit code: 0 is no failure.",
        example="pipeproof data shrink good.csv --command 'python ok.py {table}'",
    ),
    Code(
        "PPF366",
        "nothing is said that could fail",
        "A table is shrunk with the command that fails on it, in which {table} stands for the path, or with a step "
        "of a pipeline.",
        "Name a command with {table}, or a pipeline and a step.",
        example="pipeproof data shrink failing.csv --command 'python train.py'     # {table} is missing",
    ),
    Code(
        "PPF367",
        "a failure that needs personal data",
        "The small table is kept as a test, so personal data in it are replaced by made values. With these the "
        "failure does not happen.",
        "Look at the values with --show-private, and do not share the file.",
        example="pipeproof data shrink people.csv --command 'python load.py {table}'     # fails for one e-mail address",
    ),
)

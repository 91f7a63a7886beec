"""Codes of contracts that are inferred, PPF36x."""

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
)

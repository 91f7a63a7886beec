"""Codes of checking tables, PPF315 to PPF329: contracts that are chosen, rules of whole tables, files."""

from __future__ import annotations

from pipeproof.codes.code import Code

TABLES = (
    Code(
        "PPF315",
        "which contract is meant is not known",
        "The file holds the contracts of several tables, or none of the name that was asked for, or is no "
        "contract at all.",
        "Choose one with `--dataset NAME`; the message lists the names that there are.",
        example="pipeproof contract check raw.csv --contract contracts/clean.yaml     # which has inputs and outputs",
    ),
    Code(
        "PPF316",
        "a contract that asks nothing",
        "The contract says nothing of any table, or nothing that could be asked of this one. To ask nothing "
        "and call that passed would prove nothing, so it counts as a failure.",
        "Write rules into the contract, or have it made: `pipeproof contract infer DATA`.",
        example="description: The orders.     # and nothing else",
    ),
    Code(
        "PPF317",
        "a number measured over the table is out of bounds",
        "The contract says between which bounds a statistic of a column, or the number that a query gives, lies; "
        "and it lies outside. No single row need be wrong.",
        "Look at what changed: the message has the number. If it is right, change the bounds.",
        example="columns: {delay: {type: number, statistics: {mean: [0, 20]}}}     # of a day with a mean of 35",
    ),
    Code(
        "PPF318",
        "a table that values refer to was not given",
        "The contract says that the values of a column are among those of another table. Without that table "
        "it cannot be asked; the other rules were.",
        "Check both tables together; tables are known by the names of their files.",
        example="columns: {tailnum: {type: string, references: planes.tailnum}}     # and no table planes",
    ),
    Code(
        "PPF320",
        "a file cannot be read as a table",
        "The file is empty, cut off, of another kind than its name says, or has lines that do not fit its "
        "header. The first bad places are told with line and column.",
        "Mend the file where it is made, or give it the ending of its format.",
        example="pipeproof contract check orders.csv --contract c.yaml     # of which line 3 has a field too many",
    ),
)

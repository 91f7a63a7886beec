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
)

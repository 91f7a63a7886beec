"""Codes of comparing two versions of a contract, PPF357 and PPF358."""

from __future__ import annotations

from pipeproof.codes.code import Code

CONTRACTS = (
    Code(
        "PPF357",
        "the earlier version of a contract cannot be read",
        "`REVISION:PATH` names a file as it was committed. Git is not there, the folder is no repository, or the revision has "
        "no such file; what git said stands in the message. A path is taken from the current folder.",
        "Look with `git log -- PATH` which revisions have the file.",
        example="pipeproof contract diff HEAD~9:contracts/orders.yaml contracts/orders.yaml     # when the file is younger",
    ),
    Code(
        "PPF358",
        "two contracts have no table in common",
        "Versions of one contract are compared table by table. The table that was named is in one file only, or one file is the "
        "contract of a step and the other that of tables.",
        "Name a table that both files have with `--dataset`, or give two versions of the same file.",
        example="pipeproof contract diff steps/clean.yaml tables.yaml     # a step's contract, and one of tables",
    ),
)

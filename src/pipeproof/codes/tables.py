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
)

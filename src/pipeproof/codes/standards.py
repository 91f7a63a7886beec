"""Codes of contracts in the languages of standards, PPF370 to PPF379."""

from __future__ import annotations

from pipeproof.codes.code import Code

STANDARDS = (
    Code(
        "PPF370",
        "a part of a contract is kept and not enforced",
        "The document says something that Pipeproof does not ask of data: a rule for another engine, a text "
        "for people, how long data are kept. It stays in the document, whatever else is changed.",
        "Nothing, or say the same in a way that can be asked, such as a quality rule of type sql.",
        example="pipeproof contract import orders.odcs.yaml     # with a quality rule of type custom",
    ),
    Code(
        "PPF371",
        "a contract in a standard's language is wrong",
        "The document breaks the rules of its standard where they matter: a type or metric that there is "
        "none, a bound that is no number, a column without a name, a version that cannot be read.",
        "Correct the document at the place that is told; all its problems are told at once.",
        example="pipeproof contract import orders.odcs.yaml     # with logicalType: strng",
    ),
    Code(
        "PPF372",
        "the language of a contract is not known",
        "The file is in none of the languages that can be read, or not in the one that was named.",
        "Name its language: `--from odcs|dbt|frictionless|jsonschema|pandera|arrow`.",
        example="pipeproof contract import notes.yaml",
    ),
    Code(
        "PPF373",
        "a rule cannot be said in another language",
        "The contract says something that the language written to has no word for. All else is written; "
        "whoever reads the result will not ask this rule.",
        "Keep the contract itself beside what is exported, or export to odcs, which loses nothing.",
        example="pipeproof contract export contract.yaml --to arrow     # Arrow has no ranges",
    ),
)

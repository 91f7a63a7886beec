"""Codes of made data, PPF350 to PPF356 and PPF359."""

from __future__ import annotations

from pipeproof.codes.code import Code

MAKING = (
    Code(
        "PPF350",
        "what is to be made is not clear",
        "There is no scenario of that name, two contract files or two profiles are of tables with the same name, or a "
        "profile is of a table that is not made.",
        "Choose standard, edge, malformed, large, a single case such as `edge:nulls`, or a scenario of the file "
        "that `--scenarios` names; give each table one contract, and at most one profile.",
        example="pipeproof data generate orders.yaml --scenario edgy --out made",
    ),
    Code(
        "PPF351",
        "a comparison that made rows cannot keep",
        "Rows are made so that they keep the order of two columns. Here they cannot: the bounds of the columns leave "
        "no room, or both columns are keys, sorted or taken from other tables, so that neither can give way.",
        "Correct the bounds, keys or references of the two columns, or drop the comparison.",
        example="rules: [low <= high]     # and low: {min: 10}, high: {max: 9}",
    ),
    Code(
        "PPF352",
        "a condition that made rows cannot keep",
        "Rows that break a condition in SQL are drawn again. After two dozen tries there were still some, and "
        "rows that break the contract are not passed off as good ones.",
        "Say more of the columns that the condition names: ranges, categories, comparisons.",
        example="rules: ['md5(code) < \\'0001\\'']     # true for one code in sixty thousand",
    ),
    Code(
        "PPF353",
        "a rule that no made row breaks",
        "A bad row was asked for, and none was found that breaks this rule and keeps the others.",
        "If the columns can never break it, the rule says nothing: drop it, or widen their ranges.",
        example="rules: ['price >= 0']     # and price: {min: 0}",
    ),
    Code(
        "PPF354",
        "a scenario that is wrong",
        "The file of scenarios has a key or value that means nothing, or a scenario speaks of a column that the "
        "table has not.",
        "Write rows, base, columns, missing_fields or date_range; below `columns:` the name of each column with "
        "categories, range, min, max, nulls or only_edge.",
        example="scenarios: {busy: {rowz: 5000}}",
    ),
    Code(
        "PPF355",
        "a reference to a table that is not made",
        "A column refers to a table of which no contract was given, so its values are made on their own and will "
        "find no partner.",
        "Give the contract of the other table too: `pipeproof data generate orders.yaml customers.yaml --out made`.",
        example="customer: {type: integer, references: customers.id}     # and only orders.yaml is given",
    ),
    Code(
        "PPF356",
        "a format that cannot hold the table",
        "CSV and TSV have no lists and structs.",
        "Write another format: `--as parquet`, `arrow` or `jsonl`.",
        example="pipeproof data generate baskets.yaml --as csv --out made     # with a column of lists",
    ),
    Code(
        "PPF359",
        "fewer rows are made than asked for",
        "A column whose values all differ, the key, or the number of rows that the contract allows has no room for as "
        "many rows. What is made keeps the contract.",
        "Ask for fewer rows, or widen the range or the categories of the column that is named.",
        example="pipeproof data generate flags.yaml --rows 50 --out made     # flag: {type: boolean, unique: true}",
    ),
)

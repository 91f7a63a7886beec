"""Codes of contracts and data, PPF3xx: found in the data while a run goes on."""

from __future__ import annotations

from pipeproof.codes.code import Code

DATA = (
    Code(
        "PPF301",
        "a column is missing",
        "The contract lists a column that the table does not have. Every step after it would fail, or worse, "
        "go on without.",
        "Write the column, rename the one that is most alike, or mark it `required: false` in the contract.",
        example="columns: {wind_speed: number}     # of a table that has wind_spd",
    ),
    Code(
        "PPF302",
        "a column has another type",
        "The contract says one type and the table has another: numbers that were read as text, for example, "
        "sort and compare as text.",
        "Cast the column where it is made, or change the contract.",
        example="columns: {day: date}     # of a CSV whose days read 03/07/2013",
    ),
    Code(
        "PPF303",
        "rows break a rule of the contract",
        "Some rows have values that the contract does not allow: missing, outside the range, not unique, "
        "none of the categories. The count and the first such rows are shown.",
        "Clean the rows where they are made, change the rule, or choose `enforce: warn` or `quarantine`.",
        example="columns: {amount: {type: number, min: 0}}     # of a table with an amount of -5",
    ),
    Code(
        "PPF304",
        "a column that the contract does not have",
        "The contract says `extra_columns: refuse`, and the table has a column that it does not list.",
        "Drop the column, add it to the contract, or allow extra columns.",
        example="extra_columns: refuse     # of a table with one column more",
    ),
    Code(
        "PPF305",
        "too few or too many rows",
        "The number of rows is outside what the contract allows; an empty table is often a filter or a join "
        "that matched nothing.",
        "Look at what the step read, or change `rows:` in the contract.",
        example="rows: {min: 1}     # of a query that finds nothing",
    ),
    Code(
        "PPF306",
        "a rule of the contract cannot be checked",
        "The rule does not go with the values of the column, such as a smallest value for text that holds no "
        "numbers. A rule that cannot be asked counts as broken, not as kept.",
        "Correct the contract, or give the column the type that the rule is about.",
        example="columns: {carrier: {min: 5}}     # of a column of letters",
    ),
    Code(
        "PPF307",
        "a contract of a table for what is no table",
        "The contract has columns, and what was written is a file, a folder or a plain value; nothing could "
        "be checked, and nothing checked is no pass.",
        "Name the format of the table (`format: csv`), or drop the columns from the contract.",
        example="outputs: {model: {format: file, columns: {a: number}}}",
    ),
    Code(
        "PPF308",
        "rows were lost, or came from nowhere",
        "The contract says which share of the rows of an input an output has (`rows: {of: raw}`), and it has "
        "fewer or more. The usual cause is an inner join or a filter that drops rows without a match, or a "
        "join on a key that is not unique. Nothing else shows it: every row that is left is a good one.",
        "Look at the joins and filters of the step; if rows may go, say how many: `share: {min: 0.9}`.",
        example="rows: {of: raw, share: 0.95}     # of a step that joins planes, of which some are not known",
    ),
    Code(
        "PPF309",
        "no data can be made for a contract",
        "A test makes data from contracts. This one asks for more rows than its unique columns, its key or "
        "its categories have different values for, or allows no value at all.",
        "Allow more values, or ask for fewer rows.",
        example="rows: {min: 10}, columns: {flag: {type: boolean, unique: true}}",
    ),
    Code(
        "PPF312",
        "a step upstream dropped the column",
        "The failed step asks for a column that its input does not have. A step upstream read that column "
        "and did not write it, perhaps under another name. The record of the run shows it.",
        "Keep the column in the step that is named, or use its new name.",
        example="a step that renames wind_speed to wind_spd, and one after it that reads wind_speed",
    ),
    Code(
        "PPF313",
        "the column never existed",
        "The failed step asks for a column that neither its inputs nor anything upstream has or had.",
        "Correct the name; the message shows the one that is most alike, or what there is.",
        example="a step that reads wind_sped, of a table with wind_speed",
    ),
    Code(
        "PPF314",
        "the writer broke what the reader asks for",
        "The step that failed only checked what it was given. The named step (or source) made the data so, "
        "and its own contract does not forbid it.",
        "Mend it where it is made, and promise the rule in the contract there, so that it is caught there.",
        example="a step that writes a negative amount, and one after it whose input says min: 0",
    ),
)

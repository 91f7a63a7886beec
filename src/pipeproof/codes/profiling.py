"""Codes of profiles and of the quality score."""

from __future__ import annotations

from pipeproof.codes.code import Code

PROFILING = (
    Code(
        "PPF330",
        "a file is no profile",
        "Something that compares with a stored profile, or makes data from one, was given a file that is not "
        "readable as one: it is no JSON, has another schema, or a part of it is missing.",
        "Make it with `pipeproof data profile TABLE --json FILE`.",
        example='statistics: [{column: delay, measure: distance, against: notes.json}]   # holds {"a": 1}',
    ),
    Code(
        "PPF331",
        "profiles cannot be merged",
        "The profiles of parts of a table can be merged where they were made: what is kept as JSON are numbers, "
        "not what they were counted from. And parts of one table have the same columns with the same types.",
        "Merge the values that `pipeproof.data.profile` returned, of frames with the same columns.",
        example='merge_profiles(profile("2013.parquet"), profile("2014.parquet"))   # one has a column more',
    ),
    Code(
        "PPF333",
        "the quality is below what was asked for",
        "`pipeproof data profile --min-score` asks for a quality, and the table has less. The parts of the score, "
        "and what lowered each, are listed above the finding.",
        "Mend what the parts name, or ask for less.",
        example="pipeproof data profile planes.csv --min-score 0.99",
    ),
)

"""Codes of folders of data and of tables in files, PPF390 to PPF399."""

from __future__ import annotations

from pipeproof.codes.code import Code

FOLDERS = (
    Code(
        "PPF390",
        "a manifest has a mistake",
        "The file says something of its folder that cannot be: a path that leads out of it, a path that stands "
        "twice, a digest that is none, a format that holds no table.",
        "Mend the line that is named, or write the manifest anew with `pipeproof data discover`.",
        example="files: {../secret.csv: {bytes: 1, sha256: ...}}",
    ),
    Code(
        "PPF391",
        "there is no such table or folder",
        "A path leads to nothing, or what was given is no table.",
        "Check the path; from Python, give a path or a table of Polars, pandas, Arrow or DuckDB.",
        example="pipeproof data discover dta",
    ),
    Code(
        "PPF392",
        "it is not said which format, table or encoding is meant",
        "The name of a file does not end in a format that holds a table, a folder holds several, a database "
        "has several tables, or an encoding is not known.",
        "End the name in .csv, .tsv, .jsonl, .parquet or .arrow (the texts also in .gz or .zst), or say what is meant.",
        example="pipeproof data convert orders.csv orders.xlsx",
    ),
    Code(
        "PPF393",
        "a file of the manifest is missing",
        "The manifest lists files that are not in the folder any more.",
        "Fetch them again, or write the manifest anew with `pipeproof data discover`.",
        example="pipeproof data validate data.yaml     # after a part was deleted",
    ),
    Code(
        "PPF394",
        "a file has changed since the manifest was written",
        "The digest of its content is another one. Rows and bytes before and now are shown.",
        "Find out who wrote it. If the change is meant, write the manifest anew with `pipeproof data discover`.",
        example="pipeproof data validate data.yaml     # after a row was added",
    ),
    Code(
        "PPF395",
        "a dataset has other columns than its manifest says",
        "A column is gone, new, of another type or in another place. What reads the dataset will not read it as before.",
        "Make the columns as they were, or write the manifest anew with `pipeproof data discover`.",
        example="pipeproof data validate data.yaml     # after a column was renamed",
    ),
    Code(
        "PPF396",
        "a file is not in the manifest",
        "It came after the manifest was written. This is a note: it harms nobody who reads what is listed.",
        "Write the manifest anew with `pipeproof data discover` to include it.",
        example="pipeproof data validate data.yaml     # after a new month arrived",
    ),
    Code(
        "PPF397",
        "a file cannot be read as what it is called",
        "It is cut, broken, written in another encoding than is said, or unpacks to so much that it was made to fill a disk. "
        "Where the place is known, the line is named.",
        "Fetch the file again, or say how its texts are written with `--encoding`.",
        example="pipeproof data convert prices.csv prices.parquet     # of a file in Latin-1",
    ),
    Code(
        "PPF398",
        "a converted table cannot be written there",
        "Something is there already, the place is the source itself, a folder is missing or not to be written to, "
        "or parts were asked for by a column that is not there or has too many values.",
        "Name another place or column; replace what is there with `--force`.",
        example="pipeproof data convert a.csv a.parquet     # where a.parquet is there already",
    ),
    Code(
        "PPF399",
        "a format cannot hold a column",
        "CSV has no lists, structs, binary values or durations, and JSON has no binary values.",
        "Convert to Parquet or Arrow, which hold all of them, or drop the column first.",
        example="pipeproof data convert events.parquet events.csv     # with a column of lists",
    ),
)

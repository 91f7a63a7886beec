"""Codes of comparing two tables, PPF335 to PPF339."""

from __future__ import annotations

from pipeproof.codes.code import Code

COMPARING = (
    Code(
        "PPF335",
        "columns differ between two tables",
        "One table has a column that the other has not, or a column of another type. What reads the one "
        "will not read the other.",
        "Make the columns the same again, or tell those who read the table before they find out.",
        example="pipeproof data compare monday.csv tuesday.csv     # after a column was renamed",
    ),
    Code(
        "PPF336",
        "rows differ between two tables",
        "Rows were added, removed or changed. With `--key` rows are matched by it and the cells that changed are shown; "
        "without one, whole rows are counted.",
        "Look at the rows that are shown. `--fail-on schema,drift` is for tables whose rows are new by nature.",
        example="pipeproof data compare before.parquet after.parquet --key id     # after a price was corrected",
    ),
    Code(
        "PPF337",
        "the distribution of a column drifted",
        "The values of a column moved by more than chance explains, after correction for the number of columns, and by "
        "enough to matter. A model that was trained on the one table may not hold on the other.",
        "Find out what changed where the data come from; then train again, or correct the data.",
        example="pipeproof data compare training.parquet today.parquet     # when a sensor reports Fahrenheit",
    ),
    Code(
        "PPF338",
        "a column may leak the label",
        "One column alone tells the label all but perfectly, or the rows are sorted by it. Often it was filled in after the "
        "fact and will not be there, or not be known, when a prediction is made.",
        "Leave the column out of the features, or make sure that it is known when a prediction is made.",
        example="pipeproof data compare a.parquet b.parquet --label churned     # with a column cancelled_at",
    ),
    Code(
        "PPF339",
        "two tables cannot be compared",
        "A column that was named is not there or an option is out of range.",
        "Name columns that both tables have.",
        example="pipeproof data compare a.csv b.csv --key idd     # of tables with a column id",
    ),
)

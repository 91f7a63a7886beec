"""Codes of tests, PPF6xx: what trials on made data showed."""

from __future__ import annotations

from pipeproof.codes.code import Code

TESTING = (
    Code(
        "PPF601",
        "bad data go in, and bad data come out",
        "A step was given data that break one rule of its input's contract. It did not complain, and what it "
        "wrote breaks its own contract. It is a note where the input's contract is enforced, since a run "
        "stops such data before the code sees them; it is an error where it is not.",
        "Check the column where the data are read, and raise an error that names it.",
        example="ages.dropna(subset=['age'])     # missing, and 'age' is missing in the output too",
    ),
    Code(
        "PPF602",
        "the code accepts what its contract says it refuses",
        "The contract lists this breach under `refuses:`, and the code ran through without an error.",
        "Let the code check it, or take it out of `refuses:`.",
        example="refuses: [age.nullable]     # and the script reads on over a missing age",
    ),
    Code(
        "PPF603",
        "an environment variable that the contract does not name",
        "The code asked for an environment variable that its contract does not declare. Whoever runs it "
        "elsewhere does not know that it is needed.",
        "Declare it under `contract: environment:`, as required or optional with a default.",
        example="region = os.environ['REGION']     # and no REGION under contract: environment",
    ),
    Code(
        "PPF605",
        "nothing was checked",
        "No trial could be made or run, so the test says nothing. That is a failure: a test that asks nothing "
        "must not pass.",
        "Give steps contracts with the columns of their inputs and outputs.",
        example="a pipeline whose only step reads a file without columns",
    ),
    Code(
        "PPF606",
        "a refusal that does not say what is wrong",
        "The contract lists this breach under `refuses:`. The code failed, but its error names neither the "
        "column nor what is wrong with the rows.",
        "Raise an error that names the column and what is wrong with it.",
        example="IndexError: index 0 is out of bounds     # for a table without rows",
    ),
    Code(
        "PPF607",
        "the test was stopped",
        "The test was interrupted before all its trials had ended; what it says is about those that had.",
        "Run it again.",
        example="Ctrl-C during `pipeproof test`",
    ),
    Code(
        "PPF608",
        "made rows did not come through",
        "In the trial of the whole, a step read rows and wrote none. That may be right for made data (a filter "
        "for one day, a join on keys that do not meet), but what follows was then tried on an empty table, "
        "and the test says less than it could.",
        "Say more in the contracts of the sources, so that made rows come through: ranges, categories, and "
        "`references:` where keys must meet; give parameters an `example:`.",
        example="WHERE country = 'IS'     # and the contract says only: country: string",
    ),
    Code(
        "PPF609",
        "a refusal that nothing could show",
        "The contract lists something under `refuses:` that is no rule of the step's inputs, so no trial tries it.",
        "Write the rule (nullable), the column (age), or both (age.nullable), as the message shows them; "
        "`malformed` stands for all.",
        example="refuses: [aeg.nullable]     # the column is age",
    ),
    Code(
        "PPF610",
        "trials could touch the world",
        "This system cannot hold a process off from files and network (that takes Linux with Landlock), so the "
        "code of trials ran as in a run.",
        "Test on Linux 5.13 or newer, or look at what the steps do before you test them here.",
        example="pipeproof test on macOS",
    ),
)

"""Codes of steps that decide, PPF563 to PPF579: conditions, fallbacks, items, hooks."""

from __future__ import annotations

from pipeproof.codes.code import Code, files, steps

_ONE = "- {name: one, type: sql, config: {query_template: SELECT 1 AS one}}\n"
_TWO = "- name: two\n  type: sql\n  config: {query_template: SELECT 2 AS two}\n"

DECIDING = (
    Code(
        "PPF563",
        "the condition cannot be read",
        "A condition is a small expression: comparisons, `and`, `or`, `not`, `in`, + - * / // %, numbers, texts "
        "in quotes, lists, and what it asks for: `parameters.NAME`, `metrics.STEP.NAME`, `status.STEP`, "
        "`rows(DATASET)`, `value(DATASET)`. Nothing else is understood, and nothing else is ever executed.",
        "Write it with these; quote texts.",
        files=steps(f"{_ONE}{_TWO}  when: metrics.one.auc >\n"),
    ),
    Code(
        "PPF564",
        "the condition asks for something that is not there",
        "It names a parameter that is not declared, a step that the pipeline has not, or a dataset that "
        "nobody makes; it could never be answered.",
        "Correct the name.",
        files=steps(f"{_ONE}{_TWO}  when: metrics.noe.auc > 0.5\n"),
    ),
    Code(
        "PPF565",
        "the condition cannot be answered",
        "What it asks for was not there when it was to be decided (a metric that the step did not log, the rows "
        "of something that is no table), or its values cannot be compared. The step fails: to run it, or to "
        "skip it, would be a guess.",
        "Log the metric in every case, or ask for something that is always there.",
        example="when: metrics.evaluate.auc > 0.75     # and evaluate never logs auc",
    ),
    Code(
        "PPF566",
        "a step cannot stand in for another one",
        "`on_failure` names a step that runs only if this one fails, and makes its datasets in its place. It "
        "must be a step of its own, that stands in for one step only, has no condition, reads nothing of "
        "the failed step, and makes all that others read of it.",
        "Name such a step; give its outputs the names of those that it replaces.",
        files=steps(f"{_ONE}{_TWO}  on_failure: tow\n"),
    ),
    Code(
        "PPF567",
        "the step cannot do without an input",
        "`required: false` in a contract says that the code runs without this input when the step that makes it "
        "was skipped. A query or a transform cannot.",
        "Drop it, or choose between the inputs in a script or python step.",
        files=files(
            """
            workflow:
              name: demo
              steps:
                - {name: one, type: sql, config: {query_template: SELECT 1 AS one}}
                - name: two
                  type: sql
                  config: {query_template: SELECT * FROM one}
                  contract: {inputs: {one: {required: false}}}
            """
        ),
    ),
    Code(
        "PPF568",
        "the items of a step are none",
        "`foreach` needs a list of different single values, at most 10,000: given in the file, as a range of "
        "days, as the values of a column of a table, or as a dataset that is a list.",
        "Correct the list, the days, or the name of the dataset, table or column.",
        files=files(
            """
            workflow:
              name: demo
              steps:
                - name: one
                  type: sql
                  foreach: [EWR, JFK, EWR]
                  config: {query_template: "SELECT '{item}' AS one"}
            """
        ),
    ),
    Code(
        "PPF569",
        "what the items of a step made does not fit together",
        "The datasets that the items make become one: tables one table, values a list, files a folder. Tables need "
        "the same columns with types that go together, and all items the same kind of data.",
        "Let each item make the same columns and the same kind of data.",
        example="foreach: [EWR, JFK]     # and only for EWR the function returns a table",
    ),
    Code(
        "PPF570",
        "the hook is not there",
        "A hook is a function (`file.py:function`, `module:function`) or a script (`file.py`) that is called around "
        "the run or a step. Its file must lie in the project and have the function.",
        "Correct the name; paths begin at the project's folder.",
        files=files(
            """
            workflow:
              name: demo
              hooks: {after_run: hooks.py:notify}
              steps:
                - {name: one, type: sql, config: {query_template: SELECT 1 AS one}}
            """
        ),
    ),
    Code(
        "PPF571",
        "the pipeline within a pipeline cannot be used",
        "A step of type `pipeline` stands for the steps of another file. The file must be there and must not lead back "
        "to this one; `inputs` names its sources, `outputs` its datasets, `parameters` its parameters.",
        "Correct the path or the names. Retries, limits and items belong to the steps of the other file.",
        files=files(
            """
            workflow:
              name: demo
              steps:
                - {name: one, type: pipeline, config: {file: other.yaml}}
            """
        ),
    ),
    Code(
        "PPF572",
        "the condition did not hold by the last iteration",
        "A step with `repeat_until` is done again until its condition holds, and `at_most` so often. It did not hold "
        "by then.",
        "Raise `at_most`, ease the condition, or write `otherwise: pass` to take what the last iteration made.",
        example="repeat_until: {condition: metrics.train.loss < 0.1, at_most: 3}     # of a step that needs 5",
    ),
)

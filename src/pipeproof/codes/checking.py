"""Codes of loading and checking, PPF1xx: found before anything runs."""

from __future__ import annotations

from pipeproof.codes.code import Code, files, steps

_ONE = "- {name: one, type: sql, config: {query_template: SELECT 1 AS one}}\n"

CHECKING = (
    Code(
        "PPF101",
        "the file is no valid YAML",
        "The text cannot be read as YAML, so nothing in it can be trusted. Often a tab stands where spaces "
        "must be, a quote or bracket is not closed, or a line is indented by the wrong number of spaces.",
        "Look at the line and column shown, and at the line before it. Indent with spaces only.",
        files=files('workflow:\n  name: "demo\n'),
    ),
    Code(
        "PPF102",
        "the file cannot be read",
        "The file is there and cannot be opened: no permission, a folder of that name, or text that is "
        "not UTF-8.",
        "Check its permissions; save it as UTF-8.",
        example="chmod 000 pipeline.yaml && pipeproof check pipeline.yaml",
    ),
    Code(
        "PPF103",
        "unknown key",
        "The file format has no such key here. A key that is not known would be ignored silently, and the "
        "pipeline would not do what its file seems to say.",
        "Correct the name or remove the key. `pipeproof steps KIND` lists the keys of a step.",
        files=steps(
            "- name: one\n  type: sql\n  depend_on: []\n  config: {query_template: SELECT 1 AS one}\n"
        ),
    ),
    Code(
        "PPF104",
        "a key or a part is missing",
        "Something is needed here and is not given: a required key, or at least one step.",
        "Add it; the message says what it holds.",
        files=steps("- name: one\n  type: sql\n  config: {output_name: one}\n"),
    ),
    Code(
        "PPF105",
        "a value of the wrong kind",
        "The key is right and its value is not: text where a number must be, a value outside the allowed "
        "range, a word that is none of the choices, or rules of a contract that contradict each other.",
        "Give a value of the kind that the message names.",
        files=steps(
            "- name: one\n  type: sql\n  retry_count: often\n  config: {query_template: SELECT 1 AS one}\n"
        ),
    ),
    Code(
        "PPF106",
        "a key stands twice",
        "YAML would keep the last value and drop the first without a word.",
        "Remove one of the two, or merge them.",
        files=files("workflow:\n  name: demo\n  name: other\n  steps: []\n"),
    ),
    Code(
        "PPF107",
        "the file is empty, no mapping, or holds several documents",
        "A pipeline file is one mapping with `workflow:` at its top. A list, a single value, nothing, or a "
        "second document behind `---` is something else.",
        "Begin the file with `workflow:`; put other pipelines into files of their own.",
        files=files("- name: one\n"),
    ),
    Code(
        "PPF108",
        "there is no such pipeline",
        "It is neither a file, a folder with one pipeline, module:attribute, nor a name in configs/workflows.",
        "Check the name and the folder that you are in. `pipeproof new NAME` makes a project to begin with.",
        example="pipeproof check flihgts",
    ),
    Code(
        "PPF109",
        "the Python module or its pipeline is not there",
        "For module:attribute, the module is imported and the attribute must be a Pipeline, or a function "
        "that returns one.",
        "Run the command from the folder that holds the module, or name the file: path/to/file.py:pipeline.",
        example="pipeproof check flows.py:pipelin",
    ),
    Code(
        "PPF111",
        "a parent file is missing",
        "`extends:` (or `<<:`) names a file that is not there. It is looked for beside the file that names "
        "it, then in configs/, the project and the workspace.",
        "Correct the path; the message lists every place that was tried.",
        files=files("extends: base/auth.yaml\nworkflow:\n  name: demo\n  steps:\n    " + _ONE),
    ),
    Code(
        "PPF112",
        "files extend each other in a circle",
        "A file is, through its parents, its own parent; there is no order to merge them in.",
        "Move what they share into a third file that both extend.",
        files=files(
            "extends: other.yaml\nworkflow:\n  name: demo\n  steps:\n    " + _ONE,
            other__yaml="extends: pipeline.yaml\n",
        ),
    ),
    Code(
        "PPF113",
        "two steps have the same name",
        "Steps are told apart by their names: in the order, in the record of a run, in `--only`.",
        "Rename one of them.",
        files=steps(
            _ONE + "- {name: one, type: sql, config: {query_template: SELECT 2 AS b, output_name: b}}\n"
        ),
    ),
    Code(
        "PPF114",
        "nothing is written under that key",
        "`explain` was asked for a key that the resolved file does not have, or for a pipeline made in "
        "Python, whose values stand in no file.",
        "Use one of the keys that the message names; steps are named: workflow.steps.train.timeout.",
        example="pipeproof explain flights workflow.stpes",
    ),
    Code(
        "PPF115",
        "unknown step type",
        "No installed package offers a step kind of this name.",
        "Correct the name, or install the package that has it. `pipeproof steps` lists what there is.",
        files=steps("- {name: one, type: sqll, config: {query_template: SELECT 1 AS one}}\n"),
    ),
    Code(
        "PPF116",
        "a plug-in cannot be used",
        "A package registers a step kind under the entry points `pipeproof.steps`, and importing it fails "
        "or gives something that is no StepKind.",
        "Repair, update or uninstall the package that the message names.",
        example='[project.entry-points."pipeproof.steps"]\ntrain = "my_package:does_not_exist"',
    ),
    Code(
        "PPF120",
        "steps wait for each other",
        "Each step in the circle needs something that another one in it makes first, so none can begin.",
        "Let one of them read another dataset, or remove a `depends_on`.",
        files=steps(
            """
            - {name: a, type: sql, config: {query_template: SELECT * FROM b}}
            - {name: b, type: sql, config: {query_template: SELECT * FROM a}}
            """
        ),
    ),
    Code(
        "PPF121",
        "nobody makes what a step reads",
        "A step reads a dataset that no step makes and that is no source. Often a name is misspelt, or the "
        "output of a step is called STEP.NAME.",
        "Use one of the known names, or declare the data under `sources:`.",
        files=steps("- {name: one, type: sql, config: {query_template: SELECT * FROM fligths}}\n"),
    ),
    Code(
        "PPF122",
        "nobody reads a dataset",
        "A step makes, or a source brings in, what nothing uses. It costs time, and often it means that a "
        "reader asks for another name. This is a warning; `--strict` counts it as a problem.",
        "Remove it, or correct the name where it should be read.",
        files=files(
            "sources: {unused: data.csv}\nworkflow:\n  name: demo\n  steps:\n    " + _ONE,
            data__csv="a\n1\n",
        ),
    ),
    Code(
        "PPF123",
        "two steps make the same dataset",
        "A reader could not tell which of the two it gets.",
        "Give one of the outputs another name.",
        files=steps(
            _ONE + "- {name: two, type: sql, config: {query_template: SELECT 2 AS two, output_name: one}}\n"
        ),
    ),
    Code(
        "PPF124",
        "unknown step or group",
        "`depends_on`, `--only`, `--from`, `--until`, or a look into a past run names a step that there is not.",
        "Use one of the names that the message lists.",
        files=steps(
            "- {name: one, type: sql, depends_on: [zero], config: {query_template: SELECT 1 AS one}}\n"
        ),
    ),
    Code(
        "PPF125",
        "no earlier run made what is needed",
        "With `--only` or `--from`, what the left-out steps make is taken from the last passed run with the "
        "same parameters, and there is none.",
        "Run the pipeline once without the choice, or use `--until`.",
        example="pipeproof run flights --only train     # before anything was ever run",
    ),
    Code(
        "PPF126",
        "there is no such target",
        "`to:` is a name, and no target of that name is declared.",
        "Declare it under `targets:`, correct the name, or give a path with a file ending.",
        files=steps(
            _ONE + "- {name: out, type: files, config: {operation: copy, input_name: one, to: publishd}}\n"
        ),
    ),
    Code(
        "PPF127",
        "a copy would leave the project",
        "A path outside of the project is not written to in passing: a test could not send it elsewhere.",
        "Declare the place under `targets:` and name the target; give parameters values without '..'.",
        files=steps(
            _ONE + "- {name: out, type: files, config: {operation: copy, input_name: one, to: ../out.csv}}\n"
        ),
    ),
    Code(
        "PPF128",
        "a step waits without an end",
        "A step waits for a file and nothing limits how long: neither the step nor the workflow has a "
        "timeout. This is a warning; `--strict` counts it as a problem.",
        "Give the step a `timeout`.",
        files=steps("- {name: wait, type: files, config: {operation: wait, path: data/ready.csv}}\n"),
    ),
    Code(
        "PPF129",
        "the address is not on this machine",
        "A path begins with a protocol such as s3:// that this version cannot use.",
        "Use a local path, and bring the data there with a script step.",
        files=steps(
            _ONE
            + "- {name: out, type: files, config: {operation: copy, input_name: one, to: 's3://b/x.csv'}}\n"
        ),
    ),
    Code(
        "PPF131",
        "an environment variable has no value",
        "The file uses ${NAME}, and the variable is not set where the command runs.",
        "Export it, or write a default: ${NAME:-default}.",
        files=files(
            "workflow:\n  name: demo\n  description: By ${PIPEPROOF_EXAMPLE_UNSET}\n  steps:\n    " + _ONE
        ),
    ),
    Code(
        "PPF132",
        "a placeholder without a parameter",
        "A template holds {name}, and no parameter of that name is declared, so it could never be filled in.",
        "Declare it under `parameters:`, correct the name, or write {{name}} where braces are meant.",
        files=steps("- {name: one, type: sql, config: {query_template: \"SELECT '{day}' AS day\"}}\n"),
    ),
    Code(
        "PPF133",
        "a parameter is wrong",
        "A value is missing, is not of the declared type, is given twice, or belongs to no parameter.",
        "Give `-p NAME=VALUE` as the message says; `parameters:` in the file lists what there is.",
        example="pipeproof run flights -p partition_date=yesterday",
    ),
    Code(
        "PPF134",
        "a secret stands where it would be kept",
        "${secret:NAME} is filled in when a step starts, so that it is in no record and no log. Anywhere but "
        "in the environment of a step it would be kept with the run.",
        "Give it to the step under `env:` and read the variable in the code.",
        files=files("workflow:\n  name: demo\n  description: ${secret:API_TOKEN}\n  steps:\n    " + _ONE),
    ),
    Code(
        "PPF141",
        "the script or function is not there",
        "The file that a step is to run does not exist in any of the places where it is looked for, or it "
        "does not hold the function that is named.",
        "Correct the path; the message lists every place that was tried.",
        files=steps("- {name: one, type: script, config: {script: clean.py}}\n"),
    ),
    Code(
        "PPF142",
        "the script has no entry",
        "A script step calls `main(input_paths, output_paths, environ_vars, job_args)`, or runs the block "
        '`if __name__ == "__main__"`. This file has neither, so running it would do nothing.',
        "Add one of the two.",
        files=steps("- {name: one, type: script, config: {script: clean.py}}\n", clean__py="x = 1\n"),
    ),
    Code(
        "PPF143",
        "a file is missing",
        "A source, a contract or a model is declared with a path at which there is nothing.",
        "Correct the path, or make the file first.",
        files=files(
            "sources: {raw: raw.csv}\nworkflow:\n  name: demo\n  steps:\n"
            "    - {name: one, type: sql, config: {query_template: SELECT * FROM raw}}\n"
        ),
    ),
    Code(
        "PPF144",
        "the script is no valid Python",
        "The file cannot be parsed, so the step would fail as soon as it starts.",
        "Correct the line that is shown.",
        files=steps(
            "- {name: one, type: script, config: {script: clean.py}}\n", clean__py="def main(:\n    pass\n"
        ),
    ),
    Code(
        "PPF145",
        "the query is no valid SQL",
        "The query cannot be parsed in its dialect (DuckDB's unless `dialect:` says otherwise), or it is "
        "something else than one SELECT.",
        "Correct the query; if it was written for another database, set `dialect: snowflake` (or its name).",
        files=steps("- {name: one, type: sql, config: {query_template: SELECT FROM WHERE}}\n"),
    ),
    Code(
        "PPF146",
        "an operation of a transform cannot be",
        "An expression is no valid SQL, compares what cannot be compared, or an operation contradicts itself "
        "or would leave no column. Seen before running where contracts allow, else when the table comes.",
        "Correct the operation whose number is shown; what it cannot say, a sql step can.",
        files=files(
            """
            sources: {raw: raw.csv}
            workflow:
              name: demo
              steps:
                - name: more
                  type: transform
                  config:
                    input_name: raw
                    transformations: [{type: add_column, name: double, value: "delay *"}]
            """,
            raw__csv="delay\n1.5\n",
        ),
    ),
    Code(
        "PPF147",
        "there would be two columns of one name",
        "An operation gives a column a name that another one has already; which of the two is meant later "
        "could not be told.",
        "Give one of them another name, or drop the other first.",
        files=files(
            """
            sources:
              raw: {path: raw.csv, contract: {columns: {a: number, b: number}}}
            workflow:
              name: demo
              steps:
                - name: more
                  type: transform
                  config:
                    input_name: raw
                    transformations: [{type: rename, columns: {a: b}}]
            """,
            raw__csv="a,b\n1.5,2.5\n",
        ),
    ),
    Code(
        "PPF151",
        "a query uses a column that the contract does not have",
        "The contract of the table lists its columns, refuses others, or the name is close to one of them, "
        "and the query asks for one that is not there.",
        "Correct the name, or add the column to the contract of whoever makes the table.",
        files=files(
            """
            sources:
              raw: {path: raw.csv, contract: {columns: {wind_speed: number}, extra_columns: refuse}}
            workflow:
              name: demo
              steps:
                - {name: one, type: sql, config: {query_template: SELECT wind_sped FROM raw}}
            """,
            raw__csv="wind_speed\n1.5\n",
        ),
    ),
    Code(
        "PPF152",
        "the contracts of writer and reader do not fit",
        "What one step promises allows data that the next step refuses. The example row shown is such data: "
        "the first contract accepts it, the second does not.",
        "Promise more where it is written, or ask for less where it is read.",
        files=files(
            """
            sources:
              raw: {path: raw.csv, contract: {columns: {delay: number?}}}
            workflow:
              name: demo
              steps:
                - name: one
                  type: script
                  config: {script: clean.py, inputs: {raw: raw}}
                  contract: {inputs: {raw: {format: csv, columns: {delay: number}}}}
            """,
            raw__csv="delay\n1.5\n",
            clean__py="def main(input_paths, output_paths, environ_vars, job_args):\n    pass\n",
        ),
    ),
    Code(
        "PPF153",
        "an environment variable that a contract needs has no value",
        "The step's contract says that its code reads the variable, and neither the environment nor `env:` "
        "of the step has it.",
        "Export it, or set it under `env:` of the step.",
        files=steps(
            """
            - name: one
              type: script
              config: {script: clean.py}
              contract: {environment: {required: [PIPEPROOF_EXAMPLE_UNSET]}}
            """,
            clean__py="def main(input_paths, output_paths, environ_vars, job_args):\n    pass\n",
        ),
    ),
)

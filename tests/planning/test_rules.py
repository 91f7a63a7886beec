"""Static rules: each fires on a minimal pipeline, at its place, and not on the same one put right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

import pytest

from pipeproof.errors import Finding
from pipeproof.project import examine

FILES = {
    "d.csv": "x,y\n1,2\n",
    "main.py": "def main(input_paths, output_paths):\n    pass\n",
    "flat.py": "x = 1\n",
    "module.py": "import json as main\n",
    "function.py": "from json import dumps as main\n",
    "broken.py": "def main(:\n",
    "block.py": "if __name__ == '__main__':\n    print(1)\n",
    "c.yaml": "columns: {x: integer}\n",
}
SOURCE = "sources: {raw: d.csv}\n"
TYPED = "sources: {raw: {path: d.csv, contract: {columns: {x: integer, y: 'integer?'}}}}\n"


@dataclass(frozen=True)
class Rule:
    """A pipeline that breaks a rule; ``§`` marks where that is said, unless it is said in another file."""

    code: str
    steps: str
    wrong: str
    right: str
    top: str = ""
    file: str = "flow.yaml"


def sql(query: str, name: str = "a", more: str = "") -> str:
    return f"- {{name: {name}, type: sql, config: {{query_template: {query}}}{more}}}\n"


def script(path: str, more: str = "") -> str:
    return f"- {{name: a, type: script, config: {{script: {path}}}{more}}}\n"


ONE = sql("SELECT 1 AS x")
TWO = "- {name: §a, type: sql, config: {query_template: SELECT 2 AS x, output_name: c}}\n"
DAY = ", contract: {arguments: {day: {required: true}}}"
ROUNDS = ", contract: {arguments: {max_rounds: 100}}"
VARIABLE = ", contract: {environment: {§required: [PIPEPROOF_TEST_NONE]}}"
# fmt: off
RULES = [
    Rule("PPF103", ONE.replace("config", "§conifg: {}, config"), "conifg: {}, ", ""),
    Rule("PPF104", "- {name: a, type: sql, §config: {output_name: x}}\n", "output_name: x", "query_template: SELECT 1 AS x"),
    Rule("PPF105", "- {name: a, type: sql, config: {query_template: SELECT 1 AS x, chunk_size: §big}}\n", "big", "10"),
    Rule("PPF113", ONE + TWO, "name: a, type: sql, config: {query_template: SELECT 2", "name: b, type: sql, config: {query_template: SELECT 2"),
    Rule("PPF115", "- {name: a, type: §sqk, config: {query_template: SELECT 1 AS x}}\n", "sqk", "sql"),
    Rule("PPF120", "- §" + sql("SELECT * FROM b")[2:] + sql("SELECT * FROM a", "b"), "SELECT * FROM b", "SELECT 1 AS x"),
    Rule("PPF121", sql("SELECT * FROM §rwa"), "rwa", "raw", SOURCE),
    Rule("PPF121", "- {name: a, type: script, config: {script: main.py, inputs: {i: §rwa}}}\n", "rwa", "raw", SOURCE),
    Rule("PPF122", sql("SELECT 1 AS x", "§a") + sql("SELECT 2 AS x", "b", ", depends_on: [a]"), "SELECT 2 AS x", "SELECT * FROM a"),
    Rule("PPF122", ONE, "sources: {raw: d.csv}\n", "", "sources: {raw: §d.csv}\n"),
    Rule("PPF123", ONE + "- §{name: b, type: sql, config: {query_template: SELECT 2 AS x, output_name: a}}\n", "output_name: a", "output_name: c"),
    Rule("PPF124", sql("SELECT 1 AS x", more=", depends_on: [§bb]") + sql("SELECT 2 AS x", "b"), "bb", "b"),
    Rule("PPF131", ONE, "${PIPEPROOF_TEST_NONE}", "${PIPEPROOF_TEST_NONE:-x}", "snowpark: {account: §'${PIPEPROOF_TEST_NONE}'}\n"),
    Rule("PPF132", sql("\"SELECT '§{lmi}' AS x\""), "lmi", "lim", "parameters: {lim: 3}\n"),
    Rule("PPF132", script("main.py").replace("}}", ", arguments: {n: '§{lmi}'}}}"), "lmi", "lim", "parameters: {lim: 3}\n"),
    Rule("PPF134", ONE.replace("config", "description: §'${secret:A}', config"), "description: '${secret:A}'", "env: {A: '${secret:A}'}"),
    Rule("PPF141", script("§mian.py"), "mian.py", "main.py"),
    Rule("PPF142", script("flat.py"), "flat.py", "main.py", file="flat.py"),
    Rule("PPF142", script("flat.py"), "flat.py", "block.py", file="flat.py"),
    Rule("PPF142", script("module.py"), "module.py", "function.py", file="module.py"),
    Rule("PPF143", sql("SELECT * FROM raw"), "none.csv", "d.csv", "sources: {raw: §none.csv}\n"),
    Rule("PPF143", sql("SELECT 1 AS x", more=", contract: §none.yaml"), "none.yaml", "c.yaml"),
    Rule("PPF144", script("broken.py"), "broken.py", "main.py", file="broken.py"),
    Rule("PPF145", sql("SELECT FROM §WHERE"), "SELECT FROM WHERE", "SELECT 1 AS x"),
    Rule("PPF151", sql("SELECT §zz FROM raw"), "zz", "x", TYPED),
    Rule("PPF152", script("main.py", ", contract: {inputs: {§raw: {columns: {y: integer}}}}"), "{y: integer}", "{y: 'integer?'}", TYPED),
    Rule("PPF153", script("main.py", VARIABLE), "PIPEPROOF_TEST_NONE", "PATH"),
    Rule("PPF153", script("main.py", VARIABLE), "contract:", "env: {PIPEPROOF_TEST_NONE: 1}, contract:"),
    Rule("PPF105", sql("SELECT * FROM raw"), "cvs", "csv", "sources: {raw: {path: d.csv, format: §cvs}}\n"),
    Rule("PPF105", script("main.py", ", contract: {inputs: {raw: {path: §../../x}}}"), "../../x", "x/y..z", SOURCE),
    Rule("PPF105", script("main.py", ", contract: {outputs: {§../x: {format: csv}}}"), "../x", "x"),
    Rule("PPF105", "- {name: a, type: script, config: {script: main.py, inputs: {../x: §raw}}}\n".replace("§", "").replace("config: {", "config: §{"), "../x", "x", SOURCE),
    Rule("PPF105", "- {name: a, type: python, config: {function: 'm:f', output_name: §../../x}}\n", "../../x", "x"),
    Rule("PPF105", script("main.py", ", contract: {arguments: {n: {type: integer, default: §many}}}"), "many", "3"),
    Rule("PPF105", ONE, "quarantine", "warn", "targets: {out: {path: o.csv, contract: {columns: {x: integer}, enforce: §quarantine}}}\n"),
    Rule("PPF129", sql("SELECT * FROM raw"), "s3://bucket/d.csv", "d.csv", "sources: {raw: §s3://bucket/d.csv}\n"),
    Rule("PPF129", sql("SELECT * FROM raw"), "'https://a.b/{partition_date}.csv'", "d.csv", "sources: {raw: {path: §'https://a.b/{partition_date}.csv'}}\n"),
    Rule("PPF154", script("main.py", ", isolation: §worker, resources: {memory: 1GB}"), "worker", "fresh"),
    Rule("PPF154", ONE.replace("config", "isolation: §thread, resources: {open_files: 20}, config"), "isolation: thread, ", ""),
    Rule("PPF155", script("main.py", ", isolation: thread, §env: {A: 1}"), "isolation: thread, ", ""),
    Rule("PPF156", script("main.py", DAY).replace("}, contract", ", §arguments: {day: null}}, contract"), "{day: null}", "{day: 1}"),
    Rule("PPF156", script("main.py", DAY), "required: true", "required: true, default: 3"),
    Rule("PPF156", script("main.py", ROUNDS).replace("}, contract", ", arguments: {max-rounds: §many}}, contract"), "many", "3"),
    Rule("PPF156", script("main.py", ROUNDS).replace("}, contract", ", arguments: {max-rounds: §'{partition_date}'}}, contract"), "'{partition_date}'", "7"),
    Rule("PPF156", script("main.py", ROUNDS).replace("}, contract", ", arguments: {max-rounds: §'{n}'}}, contract"), "type: number", "type: integer", "parameters: {n: {type: number, default: 1}}\n"),
]
# fmt: on


def found(rule: Rule, folder: Path, *, right: bool) -> tuple[list[Finding], str]:
    """Return the findings of a rule's code, and the place that the mark stands for."""
    for name, text in FILES.items():
        (folder / name).write_text(text)
    marked = f"{rule.top}workflow:\n  name: w\n  steps:\n{indent(rule.steps, '  ')}"
    before, _, after = marked.partition("§")
    text = before + after
    assert rule.wrong in text
    file = folder / "flow.yaml"
    file.write_text(text.replace(rule.wrong, rule.right) if right else text)
    place = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}" if after else ""
    return [finding for finding in examine(file).findings if finding.code == rule.code], place


def named(rule: Rule) -> str:
    return f"{rule.code} {rule.wrong.strip()}"


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_a_rule_fires_at_its_place(rule: Rule, tmp_path: Path) -> None:
    (finding,), place = found(rule, tmp_path, right=False)
    assert finding.where is not None
    assert Path(finding.where.file).name == rule.file
    assert str(finding.where).endswith(place)
    assert finding.fix
    assert finding.severity == ("warning" if rule.code == "PPF122" else "error")


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_a_rule_is_quiet_when_the_pipeline_is_put_right(rule: Rule, tmp_path: Path) -> None:
    assert found(rule, tmp_path, right=True)[0] == []


def test_what_has_no_effect_in_a_kind_of_ours_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text(
        f"workflow:\n  name: w\n  steps:\n    {ONE.replace('config', 'env: {A: 1}, config')}"
    )
    (finding,) = examine(tmp_path / "flow.yaml").findings
    assert (finding.code, finding.severity) == ("PPF155", "warning")
    assert str(finding.where).endswith("flow.yaml:4:28")


@pytest.mark.parametrize(
    "column",
    [
        "{type: integer, nullable: true, statistics: {mean: [0, 9]}}",
        "{type: integer, limits: {nullable: warning}}",
    ],
)
def test_what_is_measured_or_only_warned_of_is_a_warning_before_the_run(column: str, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    step = script("main.py", f", contract: {{inputs: {{raw: {{columns: {{y: {column}}}}}}}}}")
    (tmp_path / "flow.yaml").write_text(f"{TYPED}workflow:\n  name: w\n  steps:\n    {step}")
    (finding,) = [one for one in examine(tmp_path / "flow.yaml").findings if one.code == "PPF152"]
    assert finding.severity == "warning"


def test_an_argument_that_the_contract_does_not_list_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(FILES["main.py"])
    given = script("main.py", ROUNDS).replace("}, contract", ", arguments: {max_roundz: 3}}, contract")
    (tmp_path / "flow.yaml").write_text(f"workflow:\n  name: w\n  steps:\n    {given}")
    (finding,) = examine(tmp_path / "flow.yaml").findings
    assert (finding.code, finding.severity) == ("PPF156", "warning")
    assert finding.fix == "did you mean 'max_rounds'?"


@pytest.mark.parametrize(("effects", "codes"), [("none", ["PPF122"]), ("external", [])])
def test_what_acts_outside_need_not_be_read(tmp_path: Path, effects: str, codes: list[str]) -> None:
    first = script("main.py", f", effects: {effects}, contract: {{outputs: {{o: {{}}}}}}")
    (tmp_path / "main.py").write_text(FILES["main.py"])
    (tmp_path / "flow.yaml").write_text(
        f"workflow:\n  name: w\n  steps:\n    {first}    {sql('SELECT 1 AS x', 'b', ', depends_on: [a]')}"
    )
    assert [finding.code for finding in examine(tmp_path / "flow.yaml").findings] == codes


def test_what_nobody_makes_is_shown_in_its_line_of_the_query(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text(
        "workflow:\n  name: w\n  steps:\n    - name: a\n      type: sql\n      config:\n"
        "        query_template: |\n          SELECT *\n          FROM none AS n\n"
    )
    (finding,) = examine(tmp_path / "flow.yaml").findings
    assert finding.where is not None
    assert (finding.where.line, finding.where.column) == (9, 16)


def test_an_optional_input_that_nobody_makes_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(FILES["main.py"])
    (tmp_path / "flow.yaml").write_text(
        "workflow:\n  name: w\n  steps:\n"
        "    - {name: a, type: script, config: {script: main.py}, contract: {inputs: {i: {required: false}}}}\n"
    )
    assert examine(tmp_path / "flow.yaml").findings == ()


@pytest.mark.parametrize(
    ("database", "code"),
    [("sqlite:///nowhere.db", "PPF143"), ("data/shop.db", "PPF105"), ("sqlite://shop.db", "PPF105")],
)
def test_a_database_that_cannot_be_read_is_found_before_the_run(database, code, tmp_path):
    (tmp_path / "flow.yaml").write_text(
        f"sources: {{raw: {{database: '{database}', table: orders}}}}\n"
        "workflow: {name: flow, steps: [{name: a, type: sql, config: {query_template: SELECT 1 AS x FROM raw}}]}\n"
    )
    found = examine(tmp_path / "flow.yaml").errors
    assert [(finding.code, finding.where.line) for finding in found] == [(code, 1)]

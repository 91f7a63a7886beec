"""Bad inputs: each gives a located error with a hint, exit code 2, and no traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeproof.cli import main

F = "flow.yaml"
CONTENT = str | bytes | Callable[[Path], object]


@dataclass(frozen=True)
class Row:
    """A bad input: files to write, what is typed, and what must be answered."""

    name: str
    files: Mapping[str, CONTENT]
    code: str
    place: str = ""
    hint: str = ""
    command: tuple[str, ...] = ("check", F)
    environment: Mapping[str, str] = field(default_factory=dict)
    installed: bool = False
    """Run through the installed command, in a process of its own."""


def flow(*lines: str, name: str = "flow", top: str = "") -> str:
    """Return a pipeline whose `steps:` are these lines; its first step starts in line 4 + lines of `top`."""
    body = "".join(f"    {line}\n" for line in lines)
    return f"{top}workflow:\n  name: {name}\n  steps:\n{body}"


SQL = ("- name: a", "  type: sql", "  config: {query_template: SELECT 1 AS x}")
GOOD = flow(*SQL)
DATED = flow("- name: a", "  type: sql", "  config: {query_template: \"SELECT '{partition_date}' AS d\"}")
MAIN = "def main(input_paths, output_paths):\n    pass\n"


def script(*extra: str, path: str = "s.py") -> str:
    return flow("- name: a", "  type: script", f"  config: {{script: {path}}}", *extra)


BILLION = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + level)}: &{chr(98 + level)} [{', '.join(['*' + chr(97 + level)] * 10)}]\n"
    for level in range(9)
)

# fmt: off
ROWS = [
    # the text of the file
    Row("an unclosed bracket", {F: "workflow: {name: x\nsteps: []\n"}, "PPF101", f"{F}:2:", "bracket"),
    Row("an unclosed quote", {F: 'workflow:\n  name: "x\n  steps: []\n'}, "PPF101", f"{F}:2:9", "closing quote"),
    Row("a colon in a value", {F: "workflow:\n  name: a: b\n"}, "PPF101", f"{F}:2:10", "quote the value"),
    Row("a wrong indentation", {F: "workflow:\n   name: x\n  steps: []\n"}, "PPF101", f"{F}:3:3", "indentation"),
    Row("a tab", {F: "workflow:\n\tname: x\n"}, "PPF101", f"{F}:2:1", "replace the tab", installed=True),
    Row("an unknown alias", {F: "workflow: *base\n"}, "PPF101", f"{F}:1:11", "alias"),
    Row("a value that starts with @", {F: "workflow:\n  name: @x\n"}, "PPF101", f"{F}:2:9", "quote"),
    Row("a Python object", {F: "workflow: !!python/object/apply:os.getcwd []\n"}, "PPF101", f"{F}:1:11", "remove the tag"),
    Row("a tag of one's own", {F: "workflow: !include base.yaml\n"}, "PPF101", f"{F}:1:11", "remove the tag"),
    Row("a billion laughs", {F: BILLION}, "PPF101", f"{F}:", "aliases"),
    Row("brackets nested 100,000 deep", {F: "a: " + "[" * 100_000 + "]" * 100_000}, "PPF101", f"{F}:1:103", "flatten", installed=True),
    Row("an alias of itself", {F: "a: &a [*a]\n"}, "PPF101", f"{F}:1:", "nested too deeply"),
    Row("a NUL byte", {F: b"workflow:\n  name: a\x00b\n"}, "PPF101", f"{F}:2:10", "binary file"),
    Row("a repeated key", {F: GOOD + "workflow: {}\n"}, "PPF106", f"{F}:7:1", "keep one"),
    Row("a repeated key in a step", {F: flow(*SQL, "  type: sql")}, "PPF106", f"{F}:7:7", "keep one"),
    Row("an empty file", {F: ""}, "PPF107", F, "start with `workflow:`", installed=True),
    Row("only a comment", {F: "# later\n"}, "PPF107", F, "start with `workflow:`"),
    Row("a list at the top", {F: "- name: a\n"}, "PPF107", f"{F}:1:1", "start with a key"),
    Row("a text at the top", {F: "hello\n"}, "PPF107", f"{F}:1:1", "start with a key"),
    Row("two documents", {F: GOOD + "---\n" + GOOD}, "PPF107", f"{F}:8:1", "one document"),
    Row("a key that is a list", {F: "? [a, b]\n: 1\n"}, "PPF105", f"{F}:1:3", "quote"),
    # the file itself
    Row("bytes that are not UTF-8", {F: b"workflow:\n  name: caf\xe9\n"}, "PPF102", f"{F}:2:12", "UTF-8", installed=True),
    Row("UTF-16", {F: GOOD.encode("utf-16")}, "PPF102", f"{F}:1:1", "UTF-8"),
    Row("a binary file", {F: bytes(range(256)) * 40}, "PPF102", f"{F}:2:118", "binary file"),
    Row("a file of 50 MB", {F: lambda path: sparse(path, 50 * 2**20)}, "PPF102", F, "data file"),
    Row("a folder without a YAML file", {F: lambda path: path.mkdir()}, "PPF108", F, "name a file"),
    Row("a folder as a parent", {F: "extends: base\n" + GOOD, "base/x.yaml": GOOD}, "PPF102", "base", "name a file in it"),
    Row("a pipe where a file should be", {F: os.mkfifo}, "PPF102", F, "name a YAML file"),
    Row("a device where a file should be", {}, "PPF102", "/dev/zero", "name a YAML file", command=("check", "/dev/zero")),
    Row("a missing file", {}, "PPF108", "none.yaml", "pipeproof new", command=("check", "none.yaml")),
    Row("a name that is almost right", {"configs/workflows/flights.yaml": GOOD}, "PPF108", "", "did you mean 'flights'?", command=("check", "flihgts")),
    Row("a name that is too long for a file", {}, "PPF108", "", "pipeproof new", command=("check", "x" * 5000)),
    Row("a link in a circle", {F: lambda path: path.symlink_to(path)}, "PPF108", F, "pipeproof new"),
    Row("a folder with two pipelines", {"configs/workflows/a.yaml": GOOD, "configs/workflows/b.yaml": GOOD}, "PPF108", "", "name one of: a, b", command=("check", ".")),
    # parents
    Row("a missing parent", {F: "extends: base/auth.yaml\n" + GOOD}, "PPF111", f"{F}:1:10", "looked for"),
    Row("a missing parent by <<", {F: '"<<": auth.yaml\n' + GOOD}, "PPF111", f"{F}:1:7", "looked for"),
    Row("files that extend each other", {F: "extends: other.yaml\n" + GOOD, "other.yaml": f"extends: {F}\n"}, "PPF112", "other.yaml:1:10", "remove one", installed=True),
    Row("a file that extends itself", {F: f"extends: {F}\n" + GOOD}, "PPF112", f"{F}:1:10", "remove one"),
    Row("a parent that is a number", {F: "extends: 3\n" + GOOD}, "PPF111", f"{F}:1:10", "write a path"),
    Row("a broken parent", {F: "extends: base.yaml\n" + GOOD, "base.yaml": "snowpark: [\n"}, "PPF101", "base.yaml:2:1", "bracket"),
    # keys and types
    Row("no workflow", {F: "sources: {}\n"}, "PPF104", f"{F}:1:1", "add workflow: the workflow"),
    Row("an empty workflow", {F: "workflow: {}\n"}, "PPF104", f"{F}:1:", "add steps: steps"),
    Row("no steps", {F: "workflow: {name: x, steps: []}\n"}, "PPF104", f"{F}:1:", "at least one step"),
    Row("steps as a mapping", {F: "workflow:\n  name: x\n  steps: {a: 1}\n"}, "PPF105", f"{F}:3:", "list"),
    Row("a step that is a text", {F: flow("- extract")}, "PPF105", f"{F}:4:7", "mapping"),
    Row("a step without a type", {F: flow("- name: a")}, "PPF104", f"{F}:4:7", "pipeproof steps"),
    Row("a step without a name", {F: flow("- type: sql")}, "PPF104", f"{F}:4:7", "add name: name of the step"),
    Row("an unknown type", {F: flow("- name: a", "  type: NonExistentStepType", "  config: {}")}, "PPF115", f"{F}:5:13", "pipeproof steps"),
    Row("a misspelt type", {F: flow("- name: a", "  type: sqll")}, "PPF115", f"{F}:5:13", "did you mean 'sql'?"),
    Row("an unknown key at the top", {F: GOOD + "source: {}\n"}, "PPF103", f"{F}:7:1", "did you mean 'sources'?"),
    Row("an unknown key in the workflow", {F: "workflow:\n  timeuot: 3\n  name: x\n  steps: [{name: a, type: sql, config: {query_template: SELECT 1 AS x}}]\n"}, "PPF103", f"{F}:2:3", "did you mean 'timeout'?"),
    Row("an unknown key in a step", {F: flow(*SQL, "  depend_on: [b]")}, "PPF103", f"{F}:7:7", "did you mean 'depends_on'?", installed=True),
    Row("an unknown key in a config", {F: flow("- name: a", "  type: sql", "  config:", "    query_template: SELECT 1 AS x", "    ouput_name: y")}, "PPF103", f"{F}:8:9", "did you mean 'output_name'?"),
    Row("an unknown key in a contract", {F: flow(*SQL, "  contract: {columns: {x: {tpye: integer}}}")}, "PPF103", f"{F}:7:32", "did you mean 'type'?"),
    Row("a missing key in a config", {F: flow("- name: a", "  type: sql", "  config: {}")}, "PPF104", f"{F}:6:7", "add query_template: one SELECT"),
    Row("a timeout that is a word", {F: flow(*SQL, "  timeout: soon")}, "PPF105", f"{F}:7:16", "duration"),
    Row("a timeout below zero", {F: flow(*SQL, "  timeout: -1")}, "PPF105", f"{F}:7:16", "above zero"),
    Row("a timeout that is a huge number", {F: flow(*SQL, "  timeout: 1e999")}, "PPF105", f"{F}:7:16", "duration"),
    Row("a timeout of a hundred thousand digits", {F: flow(*SQL, f"  timeout: {'9' * 100_000}")}, "PPF105", f"{F}:7:16", "ten years"),
    Row("a timeout without end", {F: flow(*SQL, "  timeout: .inf")}, "PPF105", f"{F}:7:16", "ten years"),
    Row("a huge number of tries", {F: flow(*SQL, "  retry_count: 99999999999999999999")}, "PPF105", f"{F}:7:20", "at most 100"),
    Row("a huge memory limit", {F: flow(*SQL, "  resources: {memory: 99999999999999TB}")}, "PPF105", f"{F}:7:27", "exabyte"),
    Row("half a try", {F: flow(*SQL, "  retry_count: 1.5")}, "PPF105", f"{F}:7:20", "whole number"),
    Row("a text for a list", {F: flow(*SQL, "  depends_on: b")}, "PPF105", f"{F}:7:19", "list"),
    Row("a number for a name", {F: flow("- name: 3", "  type: sql", "  config: {query_template: SELECT 1 AS x}")}, "PPF105", f"{F}:4:13", "text"),
    Row("a name with a slash", {F: flow("- name: ../a", "  type: sql", "  config: {query_template: SELECT 1 AS x}")}, "PPF105", f"{F}:4:13", "letters, digits"),
    Row("an unknown isolation", {F: flow(*SQL, "  isolation: procces")}, "PPF105", f"{F}:7:18", "known: container, environment, fresh, thread, worker"),
    Row("an unknown level of logging", {F: GOOD + "logging: {level: LOUD}\n"}, "PPF105", f"{F}:7:18", "WARNING"),
    Row("an unknown type of a column", {F: flow(*SQL, "  contract: {columns: {x: integr}}")}, "PPF105", f"{F}:7:31", "did you mean 'integer'?"),
    Row("a range the wrong way round", {F: flow(*SQL, "  contract: {columns: {x: {type: integer, range: [5, 1]}}}")}, "PPF105", f"{F}:7:", "larger than"),
    Row("a broken pattern", {F: flow(*SQL, "  contract: {columns: {x: {type: string, pattern: '['}}}")}, "PPF105", f"{F}:7:", "regular expression"),
    Row("a source without a path", {F: "sources: {raw: {format: csv}}\n" + GOOD}, "PPF104", f"{F}:1:", "give a path"),
    # what the pipeline says
    Row("two steps of one name", {F: flow(*SQL, *SQL)}, "PPF113", f"{F}:7:13", "own name"),
    Row("a step named like a source", {F: "sources: {a: d.csv}\n" + flow("- name: a", "  type: sql", "  config: {query_template: SELECT * FROM a, output_name: b}"), "d.csv": "x\n1\n"}, "PPF113", f"{F}:5:13", "rename"),
    Row("two makers of one dataset", {F: flow(*SQL, "- name: b", "  type: sql", "  config: {query_template: SELECT 2 AS x, output_name: a}")}, "PPF123", f"{F}:7:", "rename"),
    Row("steps that wait for each other", {F: flow("- name: a", "  type: sql", "  config: {query_template: SELECT * FROM b}", "- name: b", "  type: sql", "  config: {query_template: SELECT * FROM a}")}, "PPF120", f"{F}:4:", "let one of them"),
    Row("a dataset that nobody makes", {F: flow(*SQL, "- name: b", "  type: sql", "  config:", "    query_template: |", "      SELECT *", "      FROM aa")}, "PPF121", f"{F}:12:16", "did you mean 'a'?"),
    Row("a dependency that is no step", {F: flow(*SQL, "  depends_on: [bb]")}, "PPF124", f"{F}:7:20", "PPF124"),
    Row("a broken query", {F: flow("- name: a", "  type: sql", "  config:", "    query_template: |", "      SELECT x", "      FROM WHERE")}, "PPF145", f"{F}:9:", "query"),
    Row("a missing script", {F: script()}, "PPF141", f"{F}:6:24", "looked for"),
    Row("a script that is a folder", {F: script(), "s.py/x.txt": ""}, "PPF141", f"{F}:6:24", "a folder"),
    Row("a script without main", {F: script(), "s.py": "x = 1\n"}, "PPF142", "s.py:1", "add def main"),
    Row("a script that is no Python", {F: script(), "s.py": "def main(:\n"}, "PPF144", "s.py:1:", "correct the line"),
    Row("a script with a NUL byte", {F: script(), "s.py": b"x = 1\x00\n"}, "PPF144", "s.py", "correct"),
    Row("a missing source", {F: "sources:\n  raw: data/raw.csv\n" + flow("- name: a", "  type: sql", "  config: {query_template: SELECT * FROM raw}")}, "PPF143", f"{F}:2:8", "make the file"),
    Row("a missing contract", {F: flow(*SQL, "  contract: a.contract.yaml")}, "PPF143", f"{F}:7:17", "looked for"),
    Row("a broken contract file", {F: flow(*SQL, "  contract: c.yaml"), "c.yaml": "columns: {x: {typ: integer}}\n"}, "PPF103", "c.yaml:1:15", "did you mean 'type'?"),
    Row("an environment variable without a value", {F: "snowpark:\n  account: ${PIPEPROOF_TEST_NONE}\n" + GOOD}, "PPF131", f"{F}:2:12", "export it"),
    Row("a broken reference", {F: "snowpark:\n  account: ${A B}\n" + GOOD}, "PPF105", f"{F}:2:12", "${NAME}"),
    Row("a secret in a query", {F: flow("- name: a", "  type: sql", "  config: {query_template: \"SELECT '${secret:KEY}' AS x\"}")}, "PPF134", f"{F}:6:32", "env:"),
    Row("a placeholder without a parameter", {F: flow("- name: a", "  type: sql", '  config: {query_template: "SELECT {lim} AS x"}')}, "PPF132", f"{F}:6:", "parameters:"),
    Row("a contract that needs a variable", {F: flow(*SQL, "  contract: {environment: {required: [PIPEPROOF_TEST_NONE]}}")}, "PPF153", f"{F}:7:", "export it"),
    Row("a parameter with a wrong default", {F: "parameters: {n: {type: integer, default: many}}\n" + GOOD}, "PPF105", f"{F}:1:", "integer"),
    # the command line
    Row("a parameter that is not there", {F: GOOD}, "PPF133", "", "it takes none", command=("run", F, "-p", "day=3")),
    Row("a parameter without a value", {F: DATED}, "PPF133", "", "-p partition_date=", command=("run", F)),
    Row("a date that is none", {F: DATED}, "PPF133", "", "such as 2013-07-03", command=("run", F, "-p", "partition_date=tomorrow"), installed=True),
    Row("a parameter without =", {F: DATED}, "PPF133", "", "-p day=VALUE", command=("run", F, "-p", "day")),
    Row("an unknown step for --only", {F: GOOD}, "PPF124", "", "known: a", command=("run", F, "--only", "extract")),
    Row("--from without what came before", {F: flow(*SQL, "- name: b", "  type: sql", "  config: {query_template: SELECT * FROM a}")}, "PPF125", "", "--until a", command=("run", F, "--only", "b")),
    Row("a module that is not there", {}, "PPF109", "", "run from the folder", command=("check", "no_such_module:flow")),
    Row("a Python file that is not there", {}, "PPF109", "", "check the path", command=("check", "none.py:flow")),
    Row("a Python file without the pipeline", {"bad_a.py": "import pipeproof\nflow = pipeproof.Pipeline('x')\n"}, "PPF109", "bad_a.py", "did you mean 'flow'?", command=("check", "bad_a.py:flwo")),
    Row("a Python file that fails", {"bad_b.py": "x = 1\nraise RuntimeError('no')\n"}, "PPF109", "bad_b.py:2", "correct", command=("check", "bad_b.py:flow")),
    Row("a Python file that ends the process", {"bad_c.py": "import sys\nsys.exit(0)\n"}, "PPF109", "bad_c.py:2", "correct", command=("check", "bad_c.py:flow")),
    Row("a Python file that is no Python", {"bad_d.py": "def f(:\n"}, "PPF109", "bad_d.py:1", "correct", command=("check", "bad_d.py:flow")),
    Row("a step function with an unknown parameter", {"bad_e.py": "from pipeproof import Pipeline, step\n\n\n@step\ndef a(rwa):\n    return 1\n\n\nflow = Pipeline('x', steps=[a], sources={'raw': 'bad_e.py'})\n"}, "PPF121", "bad_e.py:4", "did you mean 'raw'?", command=("check", "bad_e.py:flow")),
    Row("steps in Python that wait for each other", {"bad_f.py": "from pipeproof import Pipeline, step\n\n\n@step\ndef a(b):\n    return 1\n\n\n@step\ndef b(a):\n    return 1\n\n\nflow = Pipeline('x', steps=[a, b])\n"}, "PPF120", "bad_f.py:14", "let one of them", command=("check", "bad_f.py:flow")),
]
# fmt: on


def sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


def write(files: Mapping[str, CONTENT], folder: Path) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if callable(content):
            content(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_the_table_is_long_and_its_names_differ() -> None:
    assert len(ROWS) >= 40
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_bad_input_gives_a_located_error_with_a_hint(
    row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(row.files, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("PIPEPROOF_WORKSPACE", raising=False)
    for name, value in row.environment.items():
        monkeypatch.setenv(name, value)
    code = main(row.command)
    answer = capsys.readouterr().err
    judge(row, code, answer)


@pytest.mark.parametrize("row", [row for row in ROWS if row.installed], ids=lambda row: row.name)
def test_the_installed_command_says_the_same(row: Row, tmp_path: Path) -> None:
    write(row.files, tmp_path)
    done = subprocess.run(
        [Path(sys.executable).with_name("pipeproof"), *row.command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    judge(row, done.returncode, done.stderr)


def judge(row: Row, code: int, answer: str) -> None:
    assert code == 2, answer
    assert "Traceback" not in answer
    lines = [line for line in answer.splitlines() if row.code in line and not line.startswith(("1 ", "2 "))]
    assert lines, answer
    assert any(line.startswith(row.place) and row.hint in line for line in lines), answer


@pytest.mark.parametrize("locked", ["flow.yaml", "base"])
def test_a_file_without_permission_is_reported_as_such(locked: str, tmp_path: Path) -> None:
    """Permission bits do not bind root, so as root the command runs as another user."""
    write({F: "extends: base/auth.yaml\n" + GOOD, "base/auth.yaml": "logging: {level: INFO}\n"}, tmp_path)
    (tmp_path / locked).chmod(0)
    try:
        done = subprocess.run(
            [*as_another_user(tmp_path), sys.executable, "-m", "pipeproof", "check", F],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        (tmp_path / locked).chmod(0o755)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    place = F if locked == F else "base/auth.yaml"
    assert f"{place}  PPF102  the file cannot be read: permission denied; check its permissions" in " ".join(
        done.stderr.split(" ")
    )


def as_another_user(folder: Path) -> list[str]:
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("this runs as root, whom permissions do not bind, and there is no setpriv")
    for up in (folder, *folder.parents):
        if up.stat().st_mode & 0o005 != 0o005:
            if up.owner() != "root" or "pytest" not in str(up):
                pytest.skip(f"another user cannot enter {up}")
            up.chmod(0o755)
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    reachable = subprocess.run(
        [*command, sys.executable, "-c", "import pipeproof"], cwd=folder, capture_output=True, check=False
    )
    if reachable.returncode != 0:
        pytest.skip("another user cannot reach the interpreter or the package")
    return command

"""Which variables the code of a trial sees, and which it asks for."""

from __future__ import annotations

import copy
import json
import pickle
import sys

import pytest

from pipeproof.model.contract import Contract, Variable
from pipeproof.model.outcome import Asked
from pipeproof.running.asked import Questions, Variables

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="trials are sealed by the kernel of Linux")


@pytest.fixture
def trial(launch, tmp_path, monkeypatch):
    """Run a piece of code in a trial, with some variables in our own environment."""
    monkeypatch.setenv("REGION", "north")
    monkeypatch.setenv("SECRET_TOKEN", "tokentoken")
    monkeypatch.setenv("OMP_THREAD_LIMIT", "2")

    def start(code, **more):
        return launch(code, sealed=str(tmp_path / "sealed"), **more)

    return start


def test_a_trial_sees_what_every_program_needs_and_what_its_step_declares(trial, tmp_path):
    ended = trial(
        "import os\ndef main():\n    return dict(os.environ)\n",
        environment={"MODE": "fast"},
        contract=Contract(environment=(Variable("REGION"), Variable("NOT_THERE"))),
    )
    seen = ended.result.value["code0"]["value"]
    temporary = str(tmp_path / "scratch" / "code0" / "tmp")
    assert (seen["REGION"], seen["MODE"], seen["OMP_THREAD_LIMIT"]) == ("north", "fast", "2")
    assert {seen["TMPDIR"], seen["TMP"], seen["TEMP"]} == {temporary}
    assert {"PATH", "PYTHONHASHSEED"} < set(seen)
    assert not {"SECRET_TOKEN", "NOT_THERE", "PYTEST_CURRENT_TEST"} & set(seen)


def test_a_run_sees_all_variables(launch, monkeypatch):
    monkeypatch.setenv("REGION", "north")
    assert launch("import os\ndef main():\n    return os.environ['REGION']\n").failure is None


def test_a_secret_that_is_declared_has_a_stand_in(trial):
    contract = Contract(environment=(Variable("SECRET_TOKEN"),))
    ended = trial("import os\ndef main():\n    return os.environ['SECRET_TOKEN']\n", contract=contract)
    assert ended.result.value["code0"]["value"] == "made-for-a-test"


def test_programs_that_a_trial_starts_see_no_more(trial):
    code = "import subprocess\ndef main():\n    return subprocess.check_output('env', text=True)\n"
    assert "REGION=" not in trial(code).result.value["code0"]["value"]


QUESTIONS = {
    "os.environ.get('A')": ("A", False),
    "os.getenv('A')": ("A", False),
    "'A' in os.environ": ("A", False),
    "os.environ.get('A', 'b')": ("A", False),
    "os.environb.get(b'A')": ("A", False),
    "os.path.expandvars('$A/b')": ("A", False),
    "string.Template('$A').safe_substitute(os.environ)": ("A", False),
    "collections.ChainMap({}, os.environ).get('A')": ("A", False),
    "os.environ['MODE']": ("MODE", True),
    "os.environ.get('REGION')": ("REGION", False),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_noted_with_its_line(trial, question):
    ended = trial(f"import collections, os, string\ndef main():\n    {question}\n", environment={"MODE": "1"})
    name, found = QUESTIONS[question]
    assert ended.asked == (Asked(name, "code0.py", 3, found),)


NO_QUESTIONS = [
    "os.environ['A'] = 'b'",
    "os.environ.setdefault('A', 'b')",
    "os.environ.pop('A', None)",
    "dict(os.environ)",
    "os.environ.copy()",
    "{**os.environ}",
    "list(os.environ.items())",
    "subprocess.run(['true'], env={**os.environ, 'B': 'c'})",
    "urllib.request.getproxies()",
    "tempfile.gettempdir()",
    "int('1')",
]


@pytest.mark.parametrize("line", NO_QUESTIONS)
def test_setting_copying_and_what_libraries_ask_are_no_questions(trial, line):
    ended = trial(f"import os, subprocess, tempfile, urllib.request\ndef main():\n    {line}\n")
    assert (ended.failure, ended.asked) == (None, ())


def test_a_question_is_kept_once_a_line_and_not_without_end(trial):
    ended = trial(
        """
        import os
        def main():
            for number in range(300):
                os.environ.get("A")
                os.environ.get(f"N{number}")
        """
    )
    assert len(ended.asked) == 200
    assert sum(asked.name == "A" for asked in ended.asked) == 1


def test_what_was_asked_before_a_failure_is_kept_and_no_frame_of_ours_is_in_its_traceback(trial):
    ended = trial("import os\ndef main():\n    return os.environ['A']\n")
    assert (ended.failure.type, ended.failure.message) == ("KeyError", "'A'")
    assert "pipeproof" not in ended.failure.traceback
    assert ended.asked == (Asked("A", "code0.py", 3, found=False),)


def test_a_module_beside_the_code_is_named_by_its_own_file(trial, tmp_path):
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings" / "of_code.py").write_text("import os\nREGION = os.environ.get('REGION')\n")
    ended = trial("def main():\n    from settings.of_code import REGION\n")
    assert ended.asked == (Asked("REGION", "settings/of_code.py", 2, found=False),)


@pytest.mark.parametrize(
    ("expression", "noted"),
    [
        ("variables['A']", ["A"]),
        ("variables.get('A')", ["A"]),
        ("variables.get('A', 'b')", ["A"]),
        ("'A' in variables", ["A"]),
        ("variables['MODE']", ["MODE"]),
        ("variables.get('MODE')", ["MODE"]),
        ("'MODE' in variables", ["MODE"]),
        ("dict(variables)", []),
    ],
)
def test_the_variables_given_to_a_script_note_what_it_asks_for(expression, noted, tmp_path):
    code = compile(expression, str(tmp_path / "s.py"), "eval")
    questions = Questions(str(tmp_path))
    variables = Variables({"MODE": "fast"}, questions)
    if expression == "variables['A']":
        with pytest.raises(KeyError, match="'A'"):
            eval(code, {"variables": variables})
    else:
        eval(code, {"variables": variables})
    assert [asked["name"] for asked in questions.kept()] == noted


def test_the_variables_given_to_a_script_are_a_dict(tmp_path):
    variables = Variables({"MODE": "fast"}, Questions(str(tmp_path)))
    plain = {"MODE": "fast"}
    assert isinstance(variables, dict)
    assert json.loads(json.dumps(variables)) == plain
    for same in (variables, copy.copy(variables), copy.deepcopy(variables), variables.copy()):
        assert same == plain
    assert pickle.loads(pickle.dumps(variables)) == plain

"""Steps run under interpreters in which nothing of ours is installed."""

from __future__ import annotations

import sys
import textwrap
import venv
from pathlib import Path

import polars as pl
import pytest

import pipeproof as pp
from pipeproof.planning.interpreters import find_program

VERSIONS = ["3.9", "3.10", "3.11", "3.12", "3.13"]
SCRIPT = """
import sys
def main(input_paths, output_paths, environ_vars, job_args, logger):
    rows = open(input_paths["raw"]).read().splitlines()
    logger.info("%d rows under %d.%d", len(rows) - 1, *sys.version_info[:2])
    open(output_paths["clean"], "w").write("\\n".join([rows[0], *rows[1 : 1 + job_args.most]]) + "\\n")
    return {"rows": len(rows) - 1, "minor": sys.version_info[1], "level": environ_vars["LEVEL"]}
"""


def project(folder: Path, step: str, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text))
    (folder / "raw.csv").write_text("id,city\n1,Ulm\n2,Bonn\n3,Kiel\n")
    steps = textwrap.indent(textwrap.dedent(step), "    ")
    (folder / "p.yaml").write_text(f"workflow:\n  name: p\n  steps:\n{steps}\nsources: {{raw: raw.csv}}\n")
    return folder / "p.yaml"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_script_runs_under_each_version_as_under_ours(tmp_path, version):
    if find_program(version, tmp_path) is None:
        pytest.skip(f"Python {version} is not installed")
    step = f"""\
    - name: clean
      type: script
      python: "{version}"
      env: {{LEVEL: high}}
      config: {{script: clean.py, inputs: {{raw: raw}}, outputs: {{clean: clean}}, arguments: {{most: 2}}}}
      contract: {{inputs: {{raw: {{format: csv}}}}, outputs: {{clean: {{format: csv}}}}}}
    """
    done = pp.run(project(tmp_path, step, clean=SCRIPT))
    assert done, done["clean"].record.failure
    assert done["clean"].metrics == {"rows": 3.0, "minor": float(version.partition(".")[2])}
    assert done["clean"].outputs["clean"].table()["city"].to_list() == ["Ulm", "Bonn"]


FUNCTION = """
import polars as pl
def keep(raw, most):
    return raw.head(most)
async def count(kept, context):
    context.log_metric("rows", len(kept))
    return len(kept)
def by_pandas(kept: "pandas.DataFrame"):
    return kept.rename(columns={"city": "town"})
"""
STEPS = """\
- {name: kept, type: python, python: PYTHON, config: {function: "f.py:keep", inputs: [raw], arguments: {most: 2}}}
- {name: number, type: python, python: PYTHON, config: {function: "f.py:count", inputs: [kept]}}
- {name: towns, type: python, python: PYTHON, config: {function: "f.py:by_pandas", inputs: [kept]}}
"""


def test_functions_get_and_give_tables_by_the_libraries_of_their_environment(tmp_path):
    done = pp.run(project(tmp_path, STEPS.replace("PYTHON", sys.executable), f=FUNCTION))
    assert done, [step.failure for step in done.record.steps.values()]
    assert done["number"].outputs["number"].value == 2
    assert (
        done["towns"].outputs["towns"].table().equals(pl.DataFrame({"id": [1, 2], "town": ["Ulm", "Bonn"]}))
    )


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("environments") / "empty"
    venv.create(folder, symlinks=True)
    return folder


def test_an_environment_that_cannot_read_tables_says_what_to_install(tmp_path, empty):
    step = f"- {{name: kept, type: python, python: {empty}, config: {{function: 'f.py:keep', inputs: [raw], arguments: {{most: 2}}}}}}"
    done = pp.run(project(tmp_path, step, f="def keep(raw, most): pass\n"))
    assert done["kept"].record.failure.code == "PPF532"
    assert "install polars" in done["kept"].record.failure.fix


def test_a_path_needs_no_library(tmp_path, empty):
    step = (
        f"- {{name: kept, type: python, python: {empty}, config: {{function: 'f.py:keep', inputs: [raw]}}}}"
    )
    code = "from pathlib import Path\ndef keep(raw: Path):\n    return raw.stat().st_size\n"
    done = pp.run(project(tmp_path, step, f=code))
    assert done["kept"].outputs["kept"].value > 0


def test_the_code_finds_its_environment_and_none_of_ours(launch, empty):
    ended = launch(
        """
        import os, sys
        def main():
            try:
                import pipeproof
            except ImportError:
                there = False
            else:
                there = True
            names = sorted(name for name in sys.modules if "pipeproof" in name)
            return [sys.prefix, os.environ["VIRTUAL_ENV"], os.environ["PATH"].split(":")[0], there, names]
        """,
        "environment",
        python=str(empty),
    )
    assert ended.failure is None, ended.failure
    assert ended.result.value["code0"]["value"] == [str(empty), str(empty), f"{empty}/bin", False, []]


def test_at_most_five_frames_of_ours_stand_above_the_code(launch):
    ended = launch(
        "import traceback\ndef main():\n    return [f.filename for f in traceback.extract_stack()]\n",
        "environment",
    )
    files = ended.result.value["code0"]["value"]
    assert 1 <= len([file for file in files if "/pipeproof/running/" in file]) <= 5


def test_what_a_context_cannot_do_there_is_said(launch):
    ended = launch("def main(context):\n    context.datasets()\n", "environment")
    assert "context.datasets is not there" in ended.failure.message


def test_the_record_says_that_what_was_read_is_not_known(launch):
    assert launch("def main(): pass", "environment").notes == (
        "what the code read besides its inputs was not noted: another interpreter ran it",
    )


WRONG = {
    "no interpreter": ("python: not-there", "PPF531"),
    "a version that nobody has": ('python: "3.99"', "PPF531"),
    "an interpreter too old": ('python: "3.8"', "PPF531"),
    "no python": ("isolation: environment", "PPF530"),
    "no container": ("isolation: container", "PPF530"),
    "python and a thread": ('python: "3.12"\n  isolation: thread', "PPF530"),
    "python and a container": ('python: "3.12"\n  container: {image: python}', "PPF530"),
    "no image": ("container: {engine: podman}", "PPF530"),
    "no root file system": ("container: {rootfs: not-there}", "PPF533"),
    "an engine that cannot": ("container: {image: python, engine: bwrap}", "PPF533"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_settings_that_cannot_be_are_found_before_anything_runs(tmp_path, wrong):
    lines, code = WRONG[wrong]
    step = f"- name: one\n  type: script\n  config: {{script: clean.py}}\n  {lines}\n"
    found = [finding.code for finding in pp.examine(project(tmp_path, step, clean=SCRIPT)).errors]
    assert found == [code]


def test_a_step_of_our_own_code_has_no_other_interpreter(tmp_path):
    step = '- {name: one, type: sql, python: "3.12", config: {query_template: SELECT * FROM raw}}'
    found = pp.examine(project(tmp_path, step)).errors
    assert [(finding.code, finding.where.line) for finding in found] == [("PPF530", 4)]


def test_a_trial_runs_in_the_environment_of_its_step(tmp_path):
    step = f"- {{name: kept, type: python, python: {sys.executable}, config: {{function: 'f.py:keep', inputs: [raw]}}}}"
    code = (
        "import sys\ndef keep(raw):\n    assert sys.argv[0].endswith('guest.py'), sys.argv\n    return raw\n"
    )
    file = project(tmp_path, step, f=code)
    columns = "{columns: {id: integer, city: string}}"
    file.write_text(file.read_text().replace("raw: raw.csv", f"raw: {{path: raw.csv, contract: {columns}}}"))
    proof = pp.test(file)
    assert proof.run.record.steps
    assert [finding for finding in proof.findings if finding.severity == "error"] == []


def test_code_there_draws_with_the_seed_of_its_step_as_here(launch):
    code = (
        "import random\nimport numpy\ndef main():\n    return [random.random(), float(numpy.random.rand())]\n"
    )
    there, here = (launch(code, isolation).result.value.values() for isolation in ("environment", "fresh"))
    assert [*there] == [*here]

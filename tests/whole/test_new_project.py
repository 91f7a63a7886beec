"""`pipeproof new` makes a project that works at once and teaches the file format."""

import csv
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pipeproof.cli import main
from pipeproof.cli.new_command import write_project

ROOT = Path(__file__).parents[2]


def pipeproof(*words, cwd):
    return subprocess.run(
        [sys.executable, "-m", "pipeproof", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_new_project_checks_and_runs(tmp_path):
    made = pipeproof("new", "my-shop", cwd=tmp_path)
    assert made.returncode == 0
    assert made.stdout.splitlines()[-2:] == ["cd my-shop && pipeproof run my-shop", "pipeproof test my-shop"]
    folder = tmp_path / "my-shop"
    checked = pipeproof("check", "my-shop", "--strict", cwd=folder)
    assert checked.stdout == "my-shop · 2 steps · 1 source · no problems\n"
    ran = pipeproof("run", "my-shop", "--format", "json", cwd=folder)
    assert ran.returncode == 0, ran.stdout
    daily = json.loads(ran.stdout)["steps"][-1]
    assert daily["rows_out"] == 5


@pytest.mark.parametrize("seed", ["0", "7"])
def test_a_new_project_passes_its_test(seed, tmp_path):
    write_project(tmp_path / "shop")
    tested = pipeproof("test", "shop", "--seed", seed, "--format", "json", cwd=tmp_path / "shop")
    said = json.loads(tested.stdout)
    assert (said["passed"], said["findings"], said["counts"]["skipped"]) == (True, [], 0)


def test_a_new_project_whose_script_guesses_types_fails_on_an_empty_file(tmp_path):
    write_project(tmp_path / "shop")
    script = tmp_path / "shop" / "scripts" / "clean.py"
    script.write_text(script.read_text().replace(", columns=list(COLUMNS), schema_overrides=COLUMNS", ""))
    assert pipeproof("run", "shop", cwd=tmp_path / "shop").returncode == 0
    tested = pipeproof("test", "shop", cwd=tmp_path / "shop")
    assert tested.returncode == 1
    assert "PPF201  clean fails on a table without rows" in tested.stdout


def test_the_python_lines_of_its_readme_work(tmp_path):
    write_project(tmp_path / "shop")
    readme = (tmp_path / "shop" / "README.md").read_text()
    start = readme.index("    import pipeproof")
    lines = [line[4:] for line in readme[start:].split("\n\n")[0].splitlines()]
    program = "\n".join([*lines[:-1], f"print({lines[-1]}.height)"])
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path / "shop", capture_output=True, text=True, check=True
    )
    assert done.stdout == "3\n"


def test_its_files_are_those_that_the_readme_lists(tmp_path):
    written = write_project(tmp_path / "shop")
    readme = (tmp_path / "shop" / "README.md").read_text()
    listed = [name for name in written if name not in {"README.md", ".gitignore"}]
    assert len(listed) == 4
    assert all(f"`{name}`" in readme for name in listed)


def test_no_placeholder_of_the_template_is_left(tmp_path):
    written = write_project(tmp_path / "shop")
    assert not [name for name in written if "{{" in (tmp_path / "shop" / name).read_text() + name]


def test_its_data_has_something_to_clean(tmp_path):
    write_project(tmp_path / "shop")
    with (tmp_path / "shop" / "data" / "orders.csv").open() as data:
        rows = list(csv.DictReader(data))
    assert any(not row["customer"] for row in rows)


@pytest.mark.parametrize(
    "name", ["my project", "1st", "ä", "-x", "a/..", "true", "No", "x" * 65, "a.b", "..", "/"]
)
def test_a_name_that_would_not_work_is_refused(name, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "1"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert main(["new", "--format=text", "--", name] if name.startswith("-") else ["new", name]) == 2
    assert "PPF524" in capsys.readouterr().err
    assert not list(folder.iterdir())


def test_a_folder_that_holds_something_is_left_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "mine.txt").write_text("keep")
    assert main(["new", "shop"]) == 2
    assert "PPF524  shop exists and is not an empty folder" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "shop").iterdir()] == ["mine.txt"]


def test_a_file_of_that_name_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").write_text("keep")
    assert main(["new", "shop"]) == 2
    assert (tmp_path / "shop").read_text() == "keep"


def test_an_empty_current_folder_can_become_the_project(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert main(["new", "."]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == ["pipeproof run shop", "pipeproof test shop"]
    assert (folder / "configs" / "workflows" / "shop.yaml").is_file()


def test_a_project_can_be_made_elsewhere(tmp_path):
    assert main(["new", str(tmp_path / "deep" / "shop"), "--format", "json"]) == 0
    assert (tmp_path / "deep" / "shop" / "scripts" / "clean.py").is_file()


def test_the_template_and_the_schema_are_in_the_wheel(tmp_path):
    builder = pytest.importorskip("hatchling.builders.wheel").WheelBuilder
    wheel = next(iter(builder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])))
    names = set(zipfile.ZipFile(wheel).namelist())
    template = {path.name for path in (ROOT / "src/pipeproof/cli/template").iterdir()}
    assert {f"pipeproof/cli/template/{name}" for name in template} <= names
    assert "pipeproof/report/run.schema.json" in names

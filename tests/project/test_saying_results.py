"""A run and an examined pipeline say themselves when they are printed."""

import pipeproof as pp
from pipeproof.cli.new_command import write_project


def test_a_run_prints_as_the_command_line_says_it(tmp_path, monkeypatch):
    write_project(tmp_path / "shop")
    monkeypatch.chdir(tmp_path / "shop")
    run = pp.run("shop")
    assert repr(run) == f"<Run {run.name} of shop: passed, 3 tasks>"
    lines = str(run).splitlines()
    assert lines[0] == f"shop · 2 steps · run {run.name}"
    assert lines[-1].endswith(f"pipeproof show {run.name}")


def test_an_examined_pipeline_prints_what_is_wrong(tmp_path, monkeypatch):
    write_project(tmp_path / "shop")
    monkeypatch.chdir(tmp_path / "shop")
    good = pp.examine("shop")
    assert repr(good) == str(good) == "<Examined shop: 2 steps, no problems>"
    (tmp_path / "shop" / "scripts" / "clean.py").unlink()
    bad = pp.examine("shop")
    assert "1 problem" in repr(bad)
    assert "PPF141" in str(bad)

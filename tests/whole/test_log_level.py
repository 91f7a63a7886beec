"""What a step logs reaches its log from the level on that the file or the command line says."""

import json

import pytest

from pipeproof.cli import main

FLOW = """
logging: {{level: {level}}}
workflow:
  name: talk
  steps:
    - {{name: own, type: script, config: {{script: own.py}}, isolation: {isolation}}}
"""
SCRIPT = """
import logging

def main(input_paths, output_paths, environ_vars, job_args, logger):
    for log in (logger, logging.getLogger("mine")):
        log.debug("a debug line of %s", log.name)
        log.info("an info line of %s", log.name)
        log.error("an error line of %s", log.name)
"""


@pytest.fixture
def logged(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(SCRIPT)

    def run(level, *words, isolation="fresh"):
        (tmp_path / "talk.yaml").write_text(FLOW.format(level=level, isolation=isolation))
        assert main(["run", "talk.yaml", "--quiet", "--no-cache", *words]) == 0
        capfd.readouterr()
        assert main(["logs", "last", "own", "--format", "json"]) == 0
        text = json.loads(capfd.readouterr().out)["text"]
        return [
            (name, word)
            for name in ("pipeproof.step.own", "mine")
            for word in ("debug", "info", "error")
            if f"{word} line of {name}" in text
        ]

    return run


def test_the_level_of_the_file_holds_for_every_logger(logged):
    assert logged("INFO") == [
        (name, word) for name in ("pipeproof.step.own", "mine") for word in ("info", "error")
    ]


def test_the_level_of_the_command_line_comes_before_that_of_the_file(logged):
    assert len(logged("INFO", "--log-level", "debug")) == 6
    assert len(logged("DEBUG", "--log-level", "error")) == 2


def test_the_level_holds_in_a_warm_worker_too(logged):
    assert len(logged("ERROR", isolation="worker")) == 2
    assert len(logged("DEBUG", isolation="worker")) == 6

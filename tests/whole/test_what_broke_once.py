"""What broke once when somebody tried to break it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import pipeproof as pp
from pipeproof.errors import ConfigError
from pipeproof.model.pipeline import Target
from pipeproof.planning.templates import fill_path
from pipeproof.project import examine
from pipeproof.running.logs import LogFile


def flow(folder: Path, text: str) -> Path:
    path = folder / "flow.yaml"
    path.write_text(text)
    return path


STEPS = """\
workflow:
  name: flow
  steps:
    - {{name: a, type: python, retry_count: 0, config: {{function: "code_of_steps.py:{first}"}}}}
    - {{name: b, type: python, retry_count: 0, depends_on: [a], config: {{function: "code_of_steps.py:plain"}}}}
"""


@pytest.mark.parametrize(
    "body",
    [
        "import signal\n    signal.setitimer(signal.ITIMER_REAL, 0.2)",
        "import threading, os, time\n    threading.Thread(target=lambda: (time.sleep(0.2), os._exit(7)), daemon=True).start()",
        "import json\n    json.dumps = lambda *a, **k: '9'",
    ],
)
def test_what_a_function_leaves_behind_does_not_reach_the_next_one(body: str, tmp_path: Path) -> None:
    (tmp_path / "code_of_steps.py").write_text(
        f"import time\ndef leaves():\n    {body}\n    return 1\ndef plain():\n    time.sleep(0.5)\n    return [2]\n"
    )
    run = pp.run(flow(tmp_path, STEPS.format(first="leaves")), jobs=1)
    assert run, run.record
    assert run["b"].outputs["b"].value == [2]


def test_a_killed_fork_server_is_replaced_for_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "code_of_steps.py").write_text(
        "import os, signal\ndef kills():\n    os.kill(os.getppid(), signal.SIGKILL)\n    return 1\n"
        "def plain():\n    return 2\n"
    )
    text = (
        STEPS.format(first="kills")
        .replace(", depends_on: [a]", "")
        .replace("type: python,", "type: python, isolation: fresh,")
    )
    head, _, last = text.rpartition("retry_count: 0")  # b may still ask the one that is dying
    run = pp.run(flow(tmp_path, f"{head}retry_count: 2, retry_delay: 0.1{last}"), jobs=1, keep_going=True)
    assert (run["a"].status, run["b"].status) == ("failed", "passed")


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "1>&- 2>&-"])
def test_scripts_run_when_a_standard_stream_is_closed(closed: str, tmp_path: Path) -> None:
    (tmp_path / "s.py").write_text("def main(i, o):\n    print('hello')\n")
    flow(tmp_path, "workflow: {name: flow, steps: [{name: s, type: script, config: {script: s.py}}]}\n")
    command = f"{Path(sys.executable).parent / 'pipeproof'} run flow.yaml {closed}"
    assert subprocess.run(["bash", "-c", command], cwd=tmp_path, timeout=60, check=False).returncode == 0
    assert [log.read_text() for log in tmp_path.glob(".pipeproof/runs/*/logs/*")] == ["hello\n"]


def test_a_secret_that_begins_like_another_is_masked_whole_when_it_comes_in_pieces(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log", ["abcdef", "abcdefghijkl"])
    for piece in (b"abcdefgh", b"ijkl abcd", b"ef."):
        log.write(piece)
    log.close()
    assert (tmp_path / "log").read_text() == "*** ***."


def test_a_parameter_cannot_make_a_path_absolute() -> None:
    with pytest.raises(ConfigError, match="PPF127"):
        fill_path(Target("t", "{day}.csv"), {"day": "/tmp/x"})


def test_no_step_writes_among_the_runs(tmp_path: Path) -> None:
    (tmp_path / "raw.csv").write_text("a\n1\n")
    text = (
        "sources: {raw: raw.csv}\nworkflow: {name: flow, steps: [{name: p, type: files, retry_count: 0,"
        " config: {input_name: raw, to: .pipeproof/ledger.db}}]}\n"
    )
    assert pp.run(flow(tmp_path, text)).record["p"].failure.code == "PPF127"


def test_a_folder_named_like_a_placeholder_is_only_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "{since}"
    folder.mkdir()
    (folder / "raw.csv").write_text("a\n1\n")
    text = "sources: {raw: raw.csv}\nworkflow: {name: flow, steps: [{name: q, type: sql, config: {query_template: SELECT a FROM raw}}]}\n"
    assert pp.run(flow(folder, text))


def test_reused_data_are_held_to_the_contract_of_today(tmp_path: Path) -> None:
    text = """\
workflow:
  name: flow
  steps:
    - {name: a, type: sql, config: {query_template: SELECT 1 AS x}%s}
    - {name: b, type: sql, config: {query_template: SELECT x FROM a}}
"""
    assert pp.run(flow(tmp_path, text % ""))
    path = flow(tmp_path, text % ", contract: {columns: {x: {type: integer, min: 100}}}")
    assert pp.run(path, only=["b"]).record["b"].failure.code == "PPF303"


def test_reused_data_that_were_damaged_are_not_taken(tmp_path: Path) -> None:
    text = "workflow: {name: flow, steps: [{name: a, type: sql, config: {query_template: SELECT 1 AS x}}, {name: b, type: sql, config: {query_template: SELECT x FROM a}}]}\n"
    path = flow(tmp_path, text)
    digest = pp.run(path).record["a"].outputs["a"].digest
    stored = tmp_path / ".pipeproof" / "objects" / digest[:2] / digest[2:]
    stored.chmod(0o600)
    stored.write_bytes(b"evil" + stored.read_bytes()[4:])
    with pytest.raises(pp.UsageError, match="PPF125"):
        pp.run(path, only=["b"])


def test_a_pattern_that_can_take_for_ever_is_refused_before_the_run(tmp_path: Path) -> None:
    text = "workflow: {name: flow, steps: [{name: a, type: sql, config: {query_template: SELECT 'a' AS x}, contract: {columns: {x: {type: string, pattern: '(a+)+b(?!x)'}}}}]}\n"
    assert [finding.code for finding in examine(flow(tmp_path, text)).errors] == ["PPF105"]


def test_an_empty_variable_can_be_passed_on(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("EMPTY_ON_PURPOSE", "")
    (tmp_path / "s.py").write_text("import os\ndef main(i, o):\n    assert os.environ['X'] == ''\n")
    text = "workflow: {name: flow, steps: [{name: s, type: script, env: {X: '${EMPTY_ON_PURPOSE}'}, config: {script: s.py}}]}\n"
    assert pp.run(flow(tmp_path, text))


def test_a_pipe_as_a_source_is_found_before_the_run(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "raw.csv")
    text = "sources: {raw: raw.csv}\nworkflow: {name: flow, steps: [{name: q, type: sql, config: {query_template: SELECT 1 AS x FROM raw}}]}\n"
    assert [finding.code for finding in examine(flow(tmp_path, text)).errors] == ["PPF143"]


def test_the_work_folders_of_killed_runs_are_removed_by_the_next_run(tmp_path: Path) -> None:
    left = tmp_path / ".pipeproof" / "runs" / "r-0101-dead" / "scratch" / "s.1"
    left.mkdir(parents=True)
    text = "workflow: {name: flow, steps: [{name: q, type: sql, config: {query_template: SELECT 1 AS x}}]}\n"
    assert pp.run(flow(tmp_path, text))
    assert list(tmp_path.glob(".pipeproof/runs/*/scratch")) == []

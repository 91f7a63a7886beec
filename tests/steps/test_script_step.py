"""Scripts as people write them for SageMaker, run as a step."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import pipeproof as pp
from pipeproof.project import Run, examine, run

Script = Callable[..., Run]


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Run one script on a table of three rows; keywords are fields of the step."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw.csv").write_text("x,y\n1,a\n2,b\n3,c\n")
    (tmp_path / "scripts").mkdir()

    def start(
        code: str,
        *,
        outputs: tuple[str, ...] = (),
        arguments: dict[str, Any] | None = None,
        parameters: dict[str, Any] | None = None,
        contract: dict[str, Any] | None = None,
        name: str = "work.py",
        **fields: Any,
    ) -> Run:
        (tmp_path / "scripts" / name).write_text(textwrap.dedent(code))
        config = {
            "script": f"scripts/{name}",
            "inputs": {"raw": "raw"},
            "outputs": {output: output for output in outputs},
            "arguments": arguments or {},
        }
        step = {"name": "work", "type": "script", "config": config, "retry_count": 0, **fields}
        step["contract"] = contract or {"inputs": {"raw": {"format": "csv"}}}
        document = {
            "workflow": {"name": "p", "steps": [step]},
            "sources": {"raw": {"path": "raw.csv"}},
            "parameters": {key: {"default": value} for key, value in (parameters or {}).items()},
        }
        (tmp_path / "p.yaml").write_text(yaml.safe_dump(document))
        return run("p.yaml")

    return start


def saved(run: Run, dataset: str, folder: Path) -> str:
    assert run, run["work"].record.failure
    return run["work"].outputs[dataset].save(folder / "saved").read_text()


TAKES = {
    2: "open(input_paths['raw']).read()",
    3: "environ_vars['MODE']",
    4: "str(job_args.max_delay + 1)",
    5: "logger.name",
}
NAMES = ["input_paths", "output_paths", "environ_vars", "job_args", "logger"]


@pytest.mark.parametrize("count", TAKES)
def test_main_gets_as_much_as_it_takes(script, tmp_path, count):
    done = script(
        f"def main({', '.join(NAMES[:count])}):\n    open(output_paths['out'], 'w').write({TAKES[count]})\n",
        outputs=("out",),
        arguments={"max-delay": 41},
        env={"MODE": "fast"},
    )
    assert saved(done, "out", tmp_path) == {2: "x,y\n1,a\n2,b\n3,c\n", 3: "fast", 4: "42"}.get(
        count, "pipeproof.step.work"
    )


def test_a_script_without_main_gets_its_paths_on_the_command_line(script, tmp_path):
    done = script(
        """
        import argparse
        if __name__ == "__main__":
            parser = argparse.ArgumentParser()
            parser.add_argument("--data")
            parser.add_argument("--out")
            parser.add_argument("--day")
            parser.add_argument("--rate", type=float)
            parser.add_argument("--deep", action="store_true")
            parser.add_argument("--names", nargs="*")
            given = parser.parse_args()
            rows = len(open(given.data).readlines())
            open(given.out, "w").write(f"{rows} {given.day} {given.rate} {given.deep} {given.names}")
        """,
        outputs=("out",),
        arguments={
            "data": "{input_raw}",
            "out": "{output_out}",
            "day": "on {day}",
            "rate": 0.5,
            "deep": True,
            "names": ["a", "b"],
        },
        parameters={"day": "2013-07-03"},
    )
    assert saved(done, "out", tmp_path) == "4 on 2013-07-03 0.5 True ['a', 'b']"


def test_a_main_that_a_block_calls_is_left_to_the_block(script, tmp_path):
    done = script(
        """
        import sys
        def main(argv=None):
            open(sys.argv[2], "w").write("by the block")
        if __name__ == "__main__":
            sys.exit(main())
        """,
        outputs=("out",),
        arguments={"out": "{output_out}"},
    )
    assert saved(done, "out", tmp_path) == "by the block"


def test_a_path_that_the_step_does_not_have_is_found_before_it_runs(script, tmp_path):
    script("def main(i, o): pass", arguments={"a": "{input_raw}"})
    text = (tmp_path / "p.yaml").read_text().replace("{input_raw}", "{input_rwa}")
    (tmp_path / "p.yaml").write_text(text)
    (finding,) = examine("p.yaml").errors
    assert finding.code == "PPF132"
    assert "input_raw" in finding.fix


def test_sagemakers_variables_name_folders(script, tmp_path):
    done = script(
        """
        import os, pathlib
        text = pathlib.Path(os.environ["SM_CHANNEL_RAW"], "raw.csv").read_text()
        pathlib.Path(os.environ["SM_MODEL_DIR"], "model.txt").write_text(str(len(text)))
        """
        'if __name__ == "__main__": pass\n',
        outputs=("model",),
        contract={
            "inputs": {"raw": {"format": "csv"}},
            "outputs": {"model": {"path": "/opt/ml/model"}},
        },
    )
    assert saved(done, "model", tmp_path) == "16"


def test_paths_of_a_container_lie_in_the_scratch_folder(script, tmp_path):
    done = script(
        """
        import os
        def main(input_paths, output_paths):
            assert os.path.isdir(input_paths["raw"])
            assert input_paths["raw"].endswith("/opt/ml/processing/input")
            assert not os.path.exists("/opt/ml/processing/input")
            open(output_paths["out"] + "/found.txt", "w").write(str(os.listdir(input_paths["raw"])))
        """,
        outputs=("out",),
        contract={
            "inputs": {"raw": {"format": "csv", "path": "/opt/ml/processing/input"}},
            "outputs": {"out": {"path": "/opt/ml/processing/output"}},
        },
    )
    assert saved(done, "out", tmp_path) == "['raw.csv']"


def test_it_imports_its_neighbours_and_starts_in_the_projects_folder(script, tmp_path):
    (tmp_path / "scripts" / "common.py").write_text("WORD = 'neighbour'\n")
    done = script(
        """
        import os
        from common import WORD
        def main(input_paths, output_paths):
            open(output_paths["out"], "w").write(f"{WORD} {os.getcwd()}")
        """,
        outputs=("out",),
    )
    assert saved(done, "out", tmp_path) == f"neighbour {tmp_path}"


def test_a_script_named_like_a_library_hides_nothing(script):
    done = script(
        "def main(i, o):\n    import json, logging\n    assert json.loads('1') == 1\n", name="json.py"
    )
    assert done


@pytest.mark.parametrize("name", ["colorsys", "joblib"])
def test_a_script_named_like_a_library_that_is_not_imported_yet_is_not_known_by_its_name(script, name):
    done = script(
        f"import sys\ndef main(i, o):\n    return {{'taken': int({name!r} in sys.modules)}}\n",
        name=f"{name}.py",
    )
    assert done["work"].metrics == {"taken": 0.0}


def test_numbers_that_main_returns_are_metrics(script):
    done = script("def main(i, o):\n    return {'auc': 0.75, 'by': {'UA': 1}, 'note': 'x'}\n")
    assert done["work"].metrics == {"auc": 0.75, "by.UA": 1.0}


def test_an_async_main_is_awaited(script):
    done = script("import asyncio\nasync def main(i, o):\n    await asyncio.sleep(0)\n    return {'n': 1}\n")
    assert done["work"].metrics == {"n": 1.0}


def test_prints_warnings_and_logging_are_in_the_log(script):
    done = script(
        """
        import logging, warnings
        def main(input_paths, output_paths, environ_vars, job_args, logger):
            print("printed")
            warnings.warn("warned")
            logger.warning("logged")
        """
    )
    log = done["work"].log
    assert "printed\n" in log
    assert "UserWarning: warned" in log
    assert "logged" in log


def test_a_failure_shows_the_users_frames_and_lines_only(script):
    done = script(
        """
        def helper(row):
            return 1 / row
        def main(input_paths, output_paths):
            helper(0)
        """
    )
    failure = done["work"].record.failure
    assert [(frame.line, frame.text) for frame in failure.frames] == [
        (5, "helper(0)"),
        (3, "return 1 / row"),
    ]
    assert "pipeproof/" not in failure.traceback


@pytest.mark.parametrize(
    ("code", "passes"), [("sys.exit()", True), ("sys.exit(0)", True), ("sys.exit(2)", False)]
)
def test_a_script_that_exits_has_passed_when_it_exits_with_0(script, code, passes):
    done = script(f"import sys\ndef main(i, o):\n    {code}\n")
    assert bool(done) == passes


def test_an_output_that_was_not_written_is_named(script):
    done = script("def main(i, o):\n    pass\n", outputs=("out",))
    failure = done["work"].record.failure
    assert (failure.code, failure.permanent) == ("PPF207", True)
    assert "'out'" in failure.message


def test_a_syntax_error_points_to_its_line(script, tmp_path):
    script("def main(i, o):\n    pass\n")
    (tmp_path / "scripts" / "work.py").write_text("def main(i, o):\n    import helper\n")
    (tmp_path / "scripts" / "helper.py").write_text("x = 1\ny = = 2\n")
    failure = run("p.yaml")["work"].record.failure
    assert failure.type == "SyntaxError"
    assert (Path(failure.frames[-1].file).name, failure.frames[-1].line) == ("helper.py", 2)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("input_paths['row']", "the step has no input 'row'; its inputs: rows"),
        ("output_paths['x']", "the step has no output 'x'; its outputs: out"),
        ("job_args.depht", "the step gives no argument 'depht'; it gives: depth"),
    ],
)
def test_a_wrong_name_in_a_script_is_told_with_the_right_ones(line, says, tmp_path):
    (tmp_path / "rows.csv").write_text("a\n1\n")
    (tmp_path / "s.py").write_text(
        f"def main(input_paths, output_paths, environ_vars, job_args):\n    {line}\n"
    )
    (tmp_path / "flow.yaml").write_text(
        "sources: {rows: rows.csv}\n"
        "workflow: {name: flow, steps: [{name: s, type: script, config: {script: s.py, inputs: {rows: rows},"
        " outputs: {out: made}, arguments: {depth: 3}}}]}\n"
    )
    failure = pp.run(tmp_path / "flow.yaml").record["s"].failure
    assert (failure.message, failure.permanent) == (says, True)

"""Functions as steps: importable ones in workers, those of a notebook in threads."""

from __future__ import annotations

import datetime as dt
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import pipeproof as pp

ONCE = pp.Retry(0)


def pipeline(tmp_path: Path, *steps: Any, name: str = "p", **options: Any) -> pp.Pipeline:
    return pp.Pipeline(name, steps=steps, root=str(tmp_path), **options)


def test_a_function_that_cannot_be_imported_runs_as_a_thread_and_its_prints_are_kept(tmp_path, capsys):
    @pp.step
    def here():
        print("to the log")  # noqa: T201 the point of the test
        return os.getpid()

    done = pp.run(pipeline(tmp_path, here))
    assert done["here"].outputs["here"].value == os.getpid()
    assert done["here"].log == "to the log\n"
    assert "to the log" not in capsys.readouterr().out


def test_the_record_says_what_a_thread_cannot_measure_or_stop(tmp_path):
    @pp.step
    def here():
        return 1

    done = pp.run(pipeline(tmp_path, here))
    (note,) = done.record.notes
    assert note.startswith("here: run in threads of this process")
    assert done["here"].record.measures.memory is None


def test_prints_of_threads_at_once_do_not_mix(tmp_path):
    def talks(number: int) -> Any:
        @pp.step(name=f"s{number}")
        def talk():
            for _ in range(50):
                print(number)  # noqa: T201 the point of the test
                time.sleep(0.0005)

        return talk

    done = pp.run(pipeline(tmp_path, *map(talks, range(4))), jobs=4)
    assert [done[f"s{number}"].log for number in range(4)] == [f"{number}\n" * 50 for number in range(4)]


def test_async_functions_are_awaited_outside_the_callers_loop(tmp_path):
    import asyncio

    @pp.step
    async def slow():
        await asyncio.sleep(0.001)
        return "awaited"

    async def caller() -> pp.Run:
        return pp.run(pipeline(tmp_path, slow))

    done = asyncio.run(caller())
    assert done["slow"].outputs["slow"].value == "awaited"


def test_a_thread_that_spins_is_ended_by_the_runs_timeout(tmp_path):
    @pp.step
    def spins():
        while True:
            pass

    started = time.monotonic()
    done = pp.run(pipeline(tmp_path, spins, timeout=0.5))
    assert time.monotonic() - started < 8
    assert done["spins"].record.failure.kind == "timeout"


@pytest.mark.parametrize("isolation", ["thread", "worker", "fresh"])
def test_values_and_the_context_go_the_same_way_everywhere(tmp_path, isolation):
    (tmp_path / "code.py").write_text(
        "def numbers(context, n):\n"
        "    context.log_metric('n', n)\n"
        "    return list(range(n))\n"
        "def total(numbers):\n"
        "    return {'sum': sum(numbers), 'count': len(numbers)}\n"
    )
    (tmp_path / "p.yaml").write_text(
        f"""
workflow:
  name: p
  steps:
    - {{name: numbers, type: python, isolation: {isolation}, config: {{function: "code.py:numbers"}}}}
    - name: total
      type: python
      isolation: {isolation}
      config: {{function: "code.py:total", inputs: [numbers], outputs: {{sum: sum, count: count}}}}
parameters:
  n: {{type: integer, default: 4}}
"""
    )
    done = pp.run(str(tmp_path / "p.yaml"))
    assert done, done.record
    assert done["numbers"].metrics == {"n": 4.0}
    assert (done["total"].outputs["sum"].value, done["total"].outputs["count"].value) == (6, 4)


@pytest.mark.parametrize("isolation", ["thread", "worker"])
def test_a_result_that_cannot_be_kept_is_a_clear_failure(tmp_path, isolation):
    (tmp_path / "code.py").write_text("def main():\n    return object()\n")
    step = pp.Step("s", "python", _config("code.py:main"), outputs={"s": "s"}, isolation=isolation)
    failure = pp.run(pipeline(tmp_path, step))["s"].record.failure
    assert (failure.code, failure.permanent) == ("PPF208", True)
    assert "builtins.object" in failure.message


def _config(function: str) -> Any:
    from pipeproof.steps.python import PythonConfig

    return PythonConfig(function)


def in_turn(tmp_path: Path, **files: str) -> pp.Run:
    """Run one function of each file after the other, in one warm worker."""
    steps, before = [], ()
    for name, code in files.items():
        (tmp_path / f"{name}.py").write_text(code)
        steps.append(
            pp.Step(
                f"use_{name}",
                "python",
                _config(f"{name}.py:main"),
                outputs={name: name},
                needs=before,
                retry=ONCE,
            )
        )
        before = (f"use_{name}",)
    return pp.run(pipeline(tmp_path, *steps), jobs=1)


@pytest.mark.parametrize("library", ["random", "colorsys"])
def test_a_file_named_like_a_library_does_not_take_its_place_in_the_next_task(tmp_path, library):
    done = in_turn(
        tmp_path,
        **{
            library: "import os\ndef main():\n    return os.getpid()\n",
            "after": f"import os, {library}\ndef main():\n    return [os.getpid(), {library}.__file__]\n",
        },
    )
    assert done, done.record
    process, file = done["use_after"].outputs["after"].value
    assert process == done[f"use_{library}"].outputs[library].value
    assert not file.startswith(str(tmp_path))


def test_a_file_keeps_its_own_name_so_that_its_classes_can_be_pickled(tmp_path):
    code = "import pickle\nclass Kept: pass\ndef main():\n    return pickle.loads(pickle.dumps(Kept())).__module__\n"
    done = in_turn(tmp_path, kept=code)
    assert done["use_kept"].outputs["kept"].value == "kept"


def test_a_file_that_raised_is_read_again_by_the_next_try(tmp_path):
    from pipeproof.steps.calls.files import import_file

    path = tmp_path / "breaks_first.py"
    path.write_text("1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        import_file(path)
    path.write_text("value = 1\n")
    assert import_file(path).value == 1


def test_a_file_that_one_thread_is_importing_is_awaited_by_the_others(tmp_path):
    from pipeproof.steps.calls.files import import_file

    path = tmp_path / "slow_to_import.py"
    path.write_text("import time\ntime.sleep(0.2)\nvalue = 1\n")
    with ThreadPoolExecutor(4) as executor:
        modules = list(executor.map(import_file, [path] * 4))
    assert [module.value for module in modules] == [1, 1, 1, 1]


def test_five_runs_at_once_in_one_process_do_not_disturb_each_other(tmp_path):
    (tmp_path / "code.py").write_text("import os\ndef main(n):\n    print(n)\n    return [n, os.getpid()]\n")

    def one(number: int) -> pp.Run:
        steps = [
            pp.Step(f"s{i}", "python", _config("code.py:main"), outputs={f"s{i}": f"s{i}"}, isolation=how)
            for i, how in enumerate(["worker", "fresh", "thread"] * 4)
        ]
        parameters = {"n": pp.Parameter("n", "integer", number, required=False)}
        return pp.run(pipeline(tmp_path, *steps, name=f"p{number}", parameters=parameters), jobs=2)

    with ThreadPoolExecutor(5) as executor:
        runs = list(executor.map(one, range(5)))
    for number, done in enumerate(runs):
        assert done, done.record
        for name, step in done.record.steps.items():
            assert done[name].outputs[name].value[0] == number
            assert done[name].log == f"{number}\n"
            assert step.status == "passed"


def test_a_project_that_was_moved_still_finds_its_logs(tmp_path):
    from pipeproof.project.place import Project

    before = tmp_path / "before"
    before.mkdir()
    (before / "pipeproof.toml").touch()

    @pp.step
    def talk():
        print("heard")  # noqa: T201 the point of the test

    done = pp.run(pipeline(before, talk))
    state = Path(done["talk"].record.logs[0]).parents[3]
    assert state.is_relative_to(before)
    before.rename(tmp_path / "after")
    (record,) = Project.at(tmp_path / "after").records()
    assert Path(record["talk"].logs[0]).read_text() == "heard\n"


def test_the_record_that_a_run_returns_is_the_one_that_is_kept(tmp_path):
    from pipeproof.project.place import Project

    (tmp_path / "code.py").write_text("def main():\n    print('x')\n    return {'a': [1, None]}\n")
    step = pp.Step("s", "python", _config("code.py:main"), outputs={"s": "s"})
    done = pp.run(pipeline(tmp_path, step))
    assert Project.at(tmp_path).record(done.name) == done.record


def test_dates_that_a_pandas_function_hands_on_are_dates_again(tmp_path):
    pytest.importorskip("pandas")
    (tmp_path / "days.csv").write_text("day\n2026-01-31\n2026-02-01\n")
    (tmp_path / "f.py").write_text("import pandas as pd\n\n\ndef f(days: pd.DataFrame):\n    return days\n")
    (tmp_path / "p.yaml").write_text(
        "sources: {days: {path: days.csv, contract: {columns: {day: date}}}}\n"
        "workflow: {name: p, steps: [{name: f, type: python, contract: {columns: {day: date}},\n"
        "  config: {function: 'f.py:f', inputs: [days]}}]}\n"
    )
    run = pp.run(tmp_path / "p.yaml")
    assert run["f"].outputs["f"].table()["day"].to_list() == [dt.date(2026, 1, 31), dt.date(2026, 2, 1)]

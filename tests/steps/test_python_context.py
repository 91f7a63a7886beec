"""The context of a step, the same in a thread, a warm worker and a fresh process."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import pipeproof as pp
from pipeproof.project.place import Project

HEAD = "import os, signal, time\nfrom pathlib import Path\nimport polars as pl\n"


def project(folder: Path, code: str, steps: Mapping[str, Mapping[str, Any]], more: str = "") -> Path:
    """Write a project: step name → its settings; `function` is the name of the step."""
    import json

    (folder / "code.py").write_text(HEAD + textwrap.dedent(code))
    written = [
        {
            "name": name,
            "type": "python",
            "retry_delay": 0.001,
            **{key: value for key, value in settings.items() if key != "config"},
            "config": {"function": f"code.py:{name}", **settings.get("config", {})},
        }
        for name, settings in steps.items()
    ]
    path = folder / "p.yaml"
    path.write_text(f"workflow: {{name: p, steps: {json.dumps(written)}}}\n{more}")
    return path


LOOKING = """
def first(context):
    context.log_metric("m", 1)
    context.log_metric("m", 2)
    context.log_param("how", "plain")
    context.store("extra", pl.DataFrame({"a": [1, 2, 3]}), {"unit": "cm"})
    context.store("folder", _folder(Path(context.scratch) / "made"))
    context.store("note", {"text": "hello"})
    return [1, 2]

def _folder(path):
    path.mkdir(parents=True)
    (path / "inside.txt").write_text("deep")
    return path

def between(first):
    return pl.DataFrame({"a": first, "b": ["x", "y"]})

def last(between, context):
    plot = Path(context.scratch) / "plot.txt"
    plot.write_text("one")
    context.log_artifact(plot)
    plot.write_text("two")
    context.log_artifact(plot, name="second")
    context.store("own", 5)
    context.store("split_b", [7], {"kind": "declared"})
    result = context.result("first")
    stored = context.data("note")
    stored["text"] = "changed"
    return {"split_a": {
        "names": list(context.datasets()),
        "far": context.data("first"),
        "table": context.data("extra")["a"].to_list(),
        "lazy": context.data("extra", pl.LazyFrame).collect().height,
        "path": Path(context.data("first.extra", Path)).is_file(),
        "folder": (context.data("folder") / "inside.txt").read_text(),
        "note": context.data("first.note"),
        "own": [context.data("own"), context.data("last.own")],
        "metrics": dict(result.metrics), "params": dict(result.params), "outputs": sorted(result.outputs),
        "sql": context.session.execute("select sum(a) from between where b = $b", {"b": "y"}).fetchone()[0],
        "aliases": [context.get_step_data("between").height, context.get_step_data("first", "note"),
                    context.get_data("first"), context.get_step_result("first").step,
                    context.list_data_keys() == list(context.datasets())],
        "length": len(context.datasets()), "there": "between" in context.datasets(),
        "looked_up": context.datasets()["between"].height,
        "attempt": context.attempt, "step": context.step,
    }}
"""


@pytest.fixture(scope="module", params=["thread", "worker", "fresh"])
def looked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> pp.Run:
    folder = tmp_path_factory.mktemp(request.param)
    isolation = {"isolation": request.param}
    steps = {
        "first": isolation,
        "between": {**isolation, "config": {"inputs": ["first"]}},
        "last": {
            **isolation,
            "config": {"inputs": ["between"], "outputs": {"split_a": "answers", "split_b": "more"}},
        },
    }
    done = pp.run(project(folder, LOOKING, steps))
    assert done, [step.failure for step in done.record.steps.values()]
    return done


def answers(done: pp.Run) -> dict[str, Any]:
    found: dict[str, Any] = done["last"].outputs["answers"].value
    return found


def test_a_step_sees_what_was_made_before_it_near_and_far(looked):
    names = ["between", "first", "first.extra", "first.folder", "first.note", "last.own", "more"]
    assert answers(looked)["names"] == names
    assert (answers(looked)["length"], answers(looked)["there"]) == (len(names), True)


def test_data_come_as_they_are_or_as_they_are_wanted(looked):
    found = answers(looked)
    assert (found["far"], found["table"], found["lazy"], found["path"]) == ([1, 2], [1, 2, 3], 3, True)
    assert (found["folder"], found["looked_up"]) == ("deep", 2)


@pytest.mark.parametrize(
    "where", ["isolation: thread", "isolation: worker", "isolation: fresh", "python: {python}"]
)
def test_the_scratch_folder_is_there_when_it_is_asked_for_and_gone_afterwards(tmp_path, where):
    (tmp_path / "code.py").write_text(
        "import os\n"
        "def writes(context):\n"
        "    with open(os.path.join(context.scratch, 'note'), 'w') as file:\n"
        "        file.write('kept for now')\n"
        "    return [context.scratch, os.listdir(context.scratch)]\n"
    )
    said = where.format(python=sys.executable)
    (tmp_path / "p.yaml").write_text(
        f"workflow: {{name: p, steps: [{{name: writes, type: python, {said}, config: {{function: 'code.py:writes'}}}}]}}"
    )
    done = pp.run(tmp_path / "p.yaml")
    assert done, done["writes"].record.failure
    folder, names = done["writes"].outputs["writes"].value
    assert "note" in names
    assert not Path(folder).exists()


def test_code_that_changes_a_value_changes_its_own_copy(looked):
    assert answers(looked)["note"] == {"text": "hello"}
    assert looked["first"].outputs["first.note"].value == {"text": "hello"}


def test_a_step_opens_what_it_has_stored_itself(looked):
    assert answers(looked)["own"] == [5, 5]


def test_the_result_of_a_step_upstream_has_its_metrics_params_and_outputs(looked):
    found = answers(looked)
    assert (found["metrics"], found["params"]) == ({"m": 2.0}, {"how": "plain"})
    assert found["outputs"] == ["first", "first.extra", "first.folder", "first.note"]


def test_the_session_has_the_inputs_as_views(looked):
    assert answers(looked)["sql"] == 2


def test_the_names_of_other_platforms_mean_the_same(looked):
    assert answers(looked)["aliases"] == [2, {"text": "hello"}, [1, 2], "first", True]


def test_what_is_stored_is_in_the_record_with_its_metadata(looked):
    outputs = looked["first"].outputs
    assert outputs["first.extra"].table()["a"].to_list() == [1, 2, 3]
    assert dict(outputs["first.extra"].artifact.metadata) == {"unit": "cm"}
    assert outputs["first.folder"].artifact.kind == "folder"


def test_what_is_stored_under_the_name_of_an_output_is_that_output(looked):
    output = looked["last"].outputs["more"]
    assert (output.value, dict(output.artifact.metadata)) == ([7], {"kind": "declared"})


def test_artifacts_are_kept_as_they_were_when_they_were_logged(looked):
    artifacts = looked["last"].record.artifacts
    kept = {name: looked.objects.path(one.digest).read_text() for name, one in artifacts.items()}
    assert kept == {"plot.txt": "one", "second": "two"}


def test_the_record_says_what_was_asked_for(looked):
    seen = {(one.what, one.name) for one in looked["last"].record.seen}
    assert {("dataset", "first.extra"), ("result", "first"), ("names", "of all upstream")} <= seen
    assert ("dataset", "between") not in seen  # an input, whose content is in the key


def test_the_record_that_is_kept_has_all_of_it(looked):
    root = Path(looked["last"].record.logs[0]).parents[4] if looked["last"].record.logs else None
    root = root or looked.objects.root.parent.parent
    assert Project.at(root).record(looked.name)["last"].artifacts == looked["last"].record.artifacts


WRONG = {
    "an unknown dataset": ("context.data('frist')", "PPF260", "did you mean 'first'"),
    "a step beside it": ("context.result('beside')", "PPF260", "depends_on"),
    "data of a step beside it": ("context.data('beside')", "PPF260", "depends_on"),
    "a name stored twice": ("context.store('x', 1); context.store('x', 2)", "PPF261", "another name"),
    "an artifact logged twice": (
        "Path('a').touch(); context.log_artifact('a'); context.log_artifact('a')",
        "PPF261",
        "another name",
    ),
    "an artifact that is not there": ("context.log_artifact('nowhere.png')", "PPF262", "before it is logged"),
    "a name of nothing": ("context.store('', 1)", "PPF262", "plain name"),
    "metadata of no kind": ("context.store('x', 1, {'a': object()})", "PPF262", "a dataset of its own"),
    "too much metadata": ("context.store('x', 1, {'a': 'x' * 20000})", "PPF262", "a dataset of its own"),
    "an object": ("context.store('x', object())", "PPF208", "use a table"),
    "stored and returned": (
        "context.store('stored_and_returned', 1)\n    return 2",
        "PPF261",
        "one of the two",
    ),
}


@pytest.fixture(scope="module")
def gone_wrong(tmp_path_factory: pytest.TempPathFactory) -> pp.Run:
    """Each wrong use in a step of its own, all in one run."""
    folder = tmp_path_factory.mktemp("wrong")
    code = "def first():\n    return 1\ndef beside():\n    return 1\n"
    steps: dict[str, Any] = {"first": {}, "beside": {}}
    for what, (body, _, _) in WRONG.items():
        name = what.replace(" ", "_")
        code += f"def {name}(context):\n    {body}\n"
        steps[name] = {"depends_on": ["first"], "retry_count": 0}
    return pp.run(project(folder, code, steps), keep_going=True)


@pytest.mark.parametrize("what", WRONG)
def test_what_a_context_refuses_is_told_with_what_to_do(gone_wrong, what):
    _, code, fix = WRONG[what]
    failure = gone_wrong[what.replace(" ", "_")].record.failure
    assert failure is not None
    assert (failure.code, failure.permanent) == (code, True)
    assert fix in failure.fix


def test_the_line_that_asked_is_told(gone_wrong):
    (frame,) = gone_wrong["an_unknown_dataset"].record.failure.frames
    assert Path(frame.file).name == "code.py"
    assert "context.data('frist')" in Path(frame.file).read_text().splitlines()[frame.line - 1]


RESUMED = """
def train(context, upto):
    total = context.load_checkpoint("total", 0)
    for n in context.iterate(range(1, 9), name="epochs"):
        total += n
        context.log_metric("total", total)
        if n == 2:
            context.store("second", total)
        context.save_checkpoint("total", total)
        if n == 5 and context.attempt == 1:
            {end}
    return total
"""
ENDS = {
    "an error": "raise OSError('lost')",
    "a kill": "os.kill(os.getpid(), signal.SIGKILL)",
}


@pytest.mark.parametrize(
    ("isolation", "end"),
    [
        ("thread", "an error"),
        ("worker", "an error"),
        ("fresh", "an error"),
        ("worker", "a kill"),
        ("fresh", "a kill"),
    ],
)
def test_the_next_attempt_goes_on_where_the_last_one_had_saved(tmp_path, isolation, end):
    code = RESUMED.replace("{end}", ENDS[end]).replace(", upto", "")
    done = pp.run(project(tmp_path, code, {"train": {"isolation": isolation}}))
    step = done["train"].record
    assert (done["train"].outputs["train"].value, step.attempts) == (36, 2)
    steps = [metric.step for metric in step.metrics]
    assert steps == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [metric.value for metric in step.metrics] == [1, 3, 6, 10, 15, 21, 28, 36]
    assert done["train"].outputs["train.second"].value == 3
    assert any("went on after iteration 4" in note for note in step.notes)
    assert not list((tmp_path / ".pipeproof" / "checkpoints").iterdir())


def test_a_result_that_went_on_from_a_killed_attempt_is_not_taken_by_later_runs(tmp_path):
    path = project(tmp_path, RESUMED.replace("{end}", ENDS["a kill"]).replace(", upto", ""), {"train": {}})
    assert pp.run(path)
    assert pp.run(path)["train"].status == "passed"


def interrupted(tmp_path: Path, more: str = "") -> Path:
    """A step whose first run fails at its fifth iteration, for good; the next ones go on."""
    code = """
    def train(numbers, context, rate=1):
        state = context.load_checkpoint("state", [])
        for n in context.iterate(range(6)):
            state.append(n * rate)
            context.save_checkpoint("state", state)
            if n == 4 and not Path("go").exists():
                raise ValueError("stop here")
        return [state, context.notes]

    def numbers():
        return 1
    """
    return project(tmp_path, code, {"numbers": {}, "train": {"config": {"inputs": ["numbers"]}}}, more)


def test_another_run_goes_on_as_well(tmp_path):
    path = interrupted(tmp_path)
    assert not pp.run(path)
    (tmp_path / "go").touch()
    state, notes = pp.run(path)["train"].outputs["train"].value
    assert state == [0, 1, 2, 3, 4, 5]
    assert notes == ["iterations: went on after iteration 4, which an earlier attempt had saved"]


@pytest.mark.parametrize("change", ["code", "input", "parameter"])
def test_checkpoints_of_other_code_inputs_or_parameters_are_never_taken(tmp_path, change):
    path = interrupted(tmp_path, "parameters: {rate: {type: integer, default: 1}}\n")
    assert not pp.run(path)
    (tmp_path / "go").touch()
    code = tmp_path / "code.py"
    if change == "code":
        code.write_text(code.read_text().replace("n * rate", "n * rate + 0"))
    elif change == "input":
        code.write_text(code.read_text().replace("return 1", "return 2"))
    done = pp.run(path, {"rate": 2} if change == "parameter" else {})
    assert done["train"].outputs["train"].value[1] == []


def test_checkpoints_made_of_data_that_are_others_today_are_left_aside(tmp_path):
    code = """
    def numbers(context):
        context.store("more", int(Path("n").read_text()))

    def train(context):
        more = context.data("more")
        done = context.load_checkpoint("done", [])
        for n in context.iterate(range(3)):
            done.append(n * more)
            context.save_checkpoint("done", done)
            if n == 2 and more == 1:
                raise ValueError("stop here")
        return done
    """
    path = project(tmp_path, code, {"numbers": {}, "train": {"depends_on": ["numbers"]}})
    (tmp_path / "n").write_text("1")
    assert not pp.run(path)
    (tmp_path / "n").write_text("10")
    done = pp.run(path)
    assert done["train"].outputs["train"].value == [0, 10, 20]
    assert any("dataset numbers.more changed since" in note for note in done["train"].record.notes)


def test_two_runs_of_a_step_at_once_do_not_share_checkpoints(tmp_path):
    code = """
    def train(context):
        mine = context.load_checkpoint("mine", 0)
        for n in context.iterate(range(20)):
            mine += 1
            context.save_checkpoint("mine", mine)
            time.sleep(0.02)
        return mine
    """
    path = project(tmp_path, code, {"train": {}})
    with ThreadPoolExecutor(2) as executor:
        runs = list(executor.map(pp.run, [path, path]))
    assert [done["train"].outputs["train"].value for done in runs] == [20, 20]
    notes = [note for done in runs for note in done["train"].record.notes]
    assert [note for note in notes if "another run uses the checkpoints" in note]


def test_a_run_that_is_killed_leaves_its_checkpoints_to_the_next_one(tmp_path):
    code = """
    def train(context):
        for n in context.iterate(range(60)):
            context.save_checkpoint("n", n)
            Path("reached").write_text(str(n))
            if not Path("go").exists():
                time.sleep(0.05)
        return context.notes
    """
    path = project(tmp_path, code, {"train": {}})
    command = [sys.executable, "-m", "pipeproof", "run", str(path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        reached = tmp_path / "reached"
        while running.poll() is None and not (reached.exists() and reached.read_text() > "1"):
            time.sleep(0.01)
        os.kill(running.pid, signal.SIGKILL)
    (tmp_path / "go").touch()
    *_, note = pp.run(path)["train"].outputs["train"].value
    assert "which an earlier attempt had saved" in note


def test_what_is_asked_for_decides_whether_a_step_is_run_again(tmp_path):
    code = """
    def numbers(context):
        context.store("more", Path("n").read_text())
        context.store("other", Path("o").read_text())

    def reader(context):
        return context.data("more") + "!"
    """
    path = project(tmp_path, code, {"numbers": {}, "reader": {"depends_on": ["numbers"]}})

    def run(more: str, other: str) -> tuple[str, str, str]:
        (tmp_path / "n").write_text(more)
        (tmp_path / "o").write_text(other)
        done = pp.run(path)
        assert done, done["reader"].record.failure
        return done["numbers"].status, done["reader"].status, done["reader"].outputs["reader"].value

    assert run("1", "a") == ("passed", "passed", "1!")
    assert run("1", "a") == ("reused", "reused", "1!")
    assert run("1", "b") == ("passed", "reused", "1!")
    assert run("2", "b") == ("passed", "passed", "2!")


def test_five_runs_at_once_by_threads_and_five_by_asyncio_do_not_mix(tmp_path):
    code = """
    def first(context, n):
        context.log_metric("n", n)
        context.store("n", n)
        return n

    def second(context, n):
        for _ in context.iterate(range(3)):
            context.save_checkpoint("n", n)
            context.log_metric("n", n)
        return [context.data("n"), context.result("first").metrics["n"], context.load_checkpoint("n")]
    """
    how = [{"isolation": "thread"}, {"isolation": "thread", "depends_on": ["first"]}]
    path = project(
        tmp_path, code, dict(zip(["first", "second"], how, strict=True)), "parameters: {n: {type: integer}}\n"
    )

    async def by_asyncio() -> list[pp.Run]:
        return await asyncio.gather(*(asyncio.to_thread(pp.run, path, {"n": n}) for n in range(5, 10)))

    with ThreadPoolExecutor(5) as executor:
        runs = list(executor.map(lambda n: pp.run(path, {"n": n}), range(5)))
    for n, done in enumerate([*runs, *asyncio.run(by_asyncio())]):
        assert done, done["second"].record.failure
        assert done["second"].outputs["second"].value == [n, n, n]
        assert [metric.value for metric in done["second"].record.metrics] == [n] * 3


def test_threads_of_a_step_may_use_its_context_at_once(tmp_path):
    code = """
    from concurrent.futures import ThreadPoolExecutor

    def first():
        return {"a": 1}

    def many(context):
        def one(n):
            context.log_metric("n", n)
            context.store(f"s{n}", n)
            return context.data("first")["a"]
        with ThreadPoolExecutor(8) as executor:
            return sum(executor.map(one, range(40)))
    """
    done = pp.run(project(tmp_path, code, {"first": {}, "many": {"depends_on": ["first"]}}))
    assert done["many"].outputs["many"].value == 40
    assert sorted(metric.value for metric in done["many"].record.metrics) == list(range(40))
    assert len(done["many"].outputs) == 41


def test_the_main_of_a_script_gets_the_context_where_it_has_a_parameter_of_that_name(tmp_path):
    (tmp_path / "script.py").write_text(
        "def main(input_paths, context, output_paths):\n"
        "    open(output_paths['out'], 'w').write(str(context.data('first')))\n"
        "    context.store('more', context.attempt)\n"
    )
    (tmp_path / "code.py").write_text("def first():\n    return 4\n")
    (tmp_path / "p.yaml").write_text(
        "workflow:\n  name: p\n  steps:\n"
        "    - {name: first, type: python, config: {function: 'code.py:first'}}\n"
        "    - {name: s, type: script, depends_on: [first], config: {script: script.py, outputs: {out: out}}}\n"
    )
    done = pp.run(tmp_path / "p.yaml")
    assert done, done["s"].record.failure
    assert done["s"].outputs["out"].save(tmp_path / "out").read_text() == "4"
    assert done["s"].outputs["s.more"].value == 1


def test_secrets_stand_in_no_metadata_and_no_name(tmp_path, monkeypatch):
    monkeypatch.setenv("API_TOKEN", "s3cr3t-value-77")
    code = """
    def keeps(context):
        token = os.environ["API_TOKEN"]
        context.store("x", 1, {"used": f"token {token}", "n": 1})
        try:
            context.store(token, 1)
        except Exception as error:
            return str(error)
    """
    done = pp.run(project(tmp_path, code, {"keeps": {"env": {"API_TOKEN": "${secret:API_TOKEN}"}}}))
    assert done, done["keeps"].record.failure
    assert dict(done["keeps"].outputs["keeps.x"].artifact.metadata) == {"used": "token ***", "n": 1}
    assert "it holds a secret" in done["keeps"].outputs["keeps"].value
    events = b"".join(file.read_bytes() for file in (tmp_path / ".pipeproof").glob("ledger.db*"))
    assert b"s3cr3t-value-77" not in events


def test_mail_addresses_of_personal_data_that_are_asked_for_stand_in_no_log(tmp_path):
    (tmp_path / "people.csv").write_text(
        "id,email\n1,ada@example.org\n2,bob@example.org\n3,cyd@example.org\n"
    )
    code = """
    def copy(people):
        return people

    def tell(context):
        print(context.data("copy")["email"].to_list())
    """
    sources = "sources: {people: {path: people.csv}}\n"
    steps = {"copy": {"config": {"inputs": ["people"]}}, "tell": {"depends_on": ["copy"]}}
    done = pp.run(project(tmp_path, code, steps, sources))
    assert done, done["tell"].record.failure
    assert "example.org" not in done["tell"].log
    assert done["tell"].log


def test_in_a_trial_the_context_works_and_leaves_nothing(tmp_path):
    code = """
    def first(context):
        context.store("more", pl.DataFrame({"a": [1]}))
        context.save_checkpoint("x", 1)
        return pl.DataFrame({"a": [1, 2]})

    def second(first, context):
        context.session.execute("select count(*) from first").fetchone()
        context.log_metric("rows", first.height)
        for _ in context.iterate(range(2)):
            context.save_checkpoint("y", 1)
        return first
    """
    path = project(tmp_path, code, {"first": {}, "second": {"config": {"inputs": ["first"]}}})
    proof = pp.test(path)
    assert proof, str(proof)
    assert not (tmp_path / ".pipeproof" / "checkpoints").exists()


def test_a_table_that_is_stored_may_be_large_and_lazy(tmp_path):
    code = """
    def first(context):
        context.store("big", pl.LazyFrame({"a": range(100_000)}))

    def second(context):
        return context.data("big", "LazyFrame").select(pl.col("a").sum()).collect().item()
    """
    done = pp.run(project(tmp_path, code, {"first": {}, "second": {"depends_on": ["first"]}}))
    assert done["second"].outputs["second"].value == sum(range(100_000))
    assert done["first"].outputs["first.big"].artifact.rows == 100_000
    assert done["first"].outputs["first.big"].scan().collect_schema() == {"a": pl.Int64}


def test_what_an_attempt_read_before_it_failed_counts_for_the_one_that_went_on(tmp_path):
    code = """
    def train(context):
        total = context.load_checkpoint("total", 0)
        for n in context.iterate(range(3)):
            total += int(Path(f"in{n}").read_text())
            context.save_checkpoint("total", total)
            if n == 1 and context.attempt == 1:
                raise OSError("lost")
        return total
    """
    path = project(tmp_path, code, {"train": {}})
    for n in range(3):
        (tmp_path / f"in{n}").write_text(str(n))
    first = pp.run(path)
    assert (first["train"].outputs["train"].value, first["train"].record.attempts) == (3, 2)
    assert pp.run(path)["train"].status == "reused"
    (tmp_path / "in0").write_text("10")  # the second attempt did not read it
    assert pp.run(path)["train"].outputs["train"].value == 13


def test_a_query_of_the_session_is_ended_with_the_step_that_runs_it(tmp_path):
    code = """
    def slow(context):
        context.session.execute("select count(*) from range(10000000) a, range(10000000) b where a.range != b.range")
    """
    done = pp.run(project(tmp_path, code, {"slow": {"isolation": "thread", "timeout": 1, "retry_count": 0}}))
    assert done["slow"].record.failure.kind == "timeout"
    assert not any("could not be stopped" in note for note in done["slow"].record.notes)


def test_objects_that_checkpoints_name_are_not_cleared_away(tmp_path):
    from pipeproof.project.collecting import Keep, collect

    code = """
    def train(context):
        for n in context.iterate(range(2)):
            if n == 0:
                context.store("big", pl.DataFrame({"a": [1, 2, 3]}))
                context.save_checkpoint("n", n)
            elif not Path("go").exists():
                raise ValueError("stop here")
        return context.data("big").height
    """
    path = project(tmp_path, code, {"train": {}})
    assert not pp.run(path)
    collect(Project.at(tmp_path), Keep(last=0), grace=-1)
    (tmp_path / "go").touch()
    done = pp.run(path)
    assert done, done["train"].record.failure
    assert done["train"].outputs["train.big"].table().height == 3


def test_the_page_on_the_context_shows_the_example_that_is_run():
    root = Path(__file__).parents[2]
    page = (root / "docs" / "step-context.md").read_text()
    for name in ("steps/prices.py", "prices.yaml"):
        code = (root / "examples" / "prices" / name).read_text().partition('"""\n\n')
        assert (code[2] or code[0]).strip() in page

"""How far it is from the bottom of a process or thread to the user's function: at most five frames of ours."""

from __future__ import annotations

import textwrap
import traceback
from pathlib import Path

import pytest

import pipeproof as pp

OURS = str(Path(pp.__file__).parent)
MOST = 5
COUNT = f"""
import traceback
def frames():
    return [frame.name for frame in traceback.extract_stack() if frame.filename.startswith({OURS!r})]
"""


def _script(tmp_path: Path, main: str) -> list[str]:
    code = COUNT + textwrap.dedent(main)
    (tmp_path / "look.py").write_text(code)
    (tmp_path / "p.yaml").write_text(
        "workflow: {name: p, steps: [{name: look, type: script, config: {script: look.py, outputs: {seen: seen}}}]}"
    )
    done = pp.run(tmp_path / "p.yaml")
    assert done, done["look"].record.failure
    return done["look"].outputs["seen"].save(tmp_path / "seen").read_text().split()


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_script_in_a_fresh_process(tmp_path, kind):
    seen = _script(
        tmp_path,
        f"""
        {kind} main(input_paths, output_paths):
            open(output_paths["seen"], "w").write(" ".join(frames()))
        """,
    )
    assert seen[:4] == ["<module>", "serve", "answer", "call_script"]
    assert len(seen) <= MOST


@pytest.mark.parametrize("kind", ["def", "async def"])
@pytest.mark.parametrize("isolation", ["worker", "fresh", "thread"])
def test_a_function(launch, isolation, kind):
    ended = launch(COUNT + f"{kind} main():\n    return frames()\n", isolation)
    assert ended.failure is None
    seen = ended.result.value["code0"]["value"]
    assert seen[-1] == "call_function"
    assert len(seen) <= MOST


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_a_function_in_a_thread_of_the_pool(tmp_path, kind):
    def frames() -> list[str]:
        return [frame.name for frame in traceback.extract_stack() if frame.filename.startswith(OURS)]

    async def later() -> list[str]:
        return frames()

    step = pp.step(name="look")(frames if kind == "plain" else later)
    done = pp.run(pp.Pipeline("p", steps=[step], root=str(tmp_path)))
    assert done["look"].outputs["look"].value == ["_run", "work", "launch", "run", "call_function"]

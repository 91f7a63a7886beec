"""A test leaves servers, databases and files outside as they are; the same pipeline under `run` does not."""

from __future__ import annotations

import http.server
import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="trials are sealed by the kernel of Linux")

PIPELINE = """\
sources:
  people: {{path: people.csv, contract: {{columns: {{age: {{type: integer, range: [0, 120]}}}}}}}}
targets:
  shared: {{path: {world}/shared.csv}}
workflow:
  name: outgoing
  steps:
    - {{name: upload, type: python, config: {{function: "out.py:upload", inputs: {{people: people}}, output_name: uploaded}}}}
    - {{name: store, type: python, config: {{function: "out.py:store", inputs: {{people: people}}, output_name: stored}}}}
    - {{name: notify, type: python, effects: external, config: {{function: "out.py:notify", inputs: {{people: people}}, output_name: notified}}}}
    - {{name: after, type: sql, config: {{query_template: SELECT * FROM notified, output_name: later}}}}
    - {{name: publish, type: files, config: {{operation: copy, input_name: people, to: shared}}}}
    - {{name: keep, type: files, config: {{operation: copy, input_name: people, to: published/kept.csv}}}}
"""
CODE = """\
import sqlite3
import urllib.request

def upload(people):
    urllib.request.urlopen("{url}", data=b"people", timeout=5).close()
    return people

def store(people):
    with sqlite3.connect("{world}/people.db") as database:
        database.execute("INSERT INTO people VALUES (1)")
    database.close()
    return people

def notify(people):
    open("{world}/notified", "a").write("x")
    return people
"""


@dataclass
class World:
    """What lies outside: a server that counts what it gets, a folder with a database."""

    folder: Path
    project: Path
    got: list[str] = field(default_factory=list)

    def state(self) -> tuple[list[str], dict[str, bytes]]:
        """Return what reached the server, and every byte of the files."""
        places = (self.folder, self.project / "published")
        files = (path for place in places for path in place.rglob("*"))
        return list(self.got), {path.name: path.read_bytes() for path in files}

    def call(self, *words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipeproof", *map(str, words)],
            cwd=self.project,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    outside, project = tmp_path / "world", tmp_path / "project"
    outside.mkdir()
    project.mkdir()
    with closing(sqlite3.connect(outside / "people.db")) as database:
        database.execute("CREATE TABLE people (id INTEGER)")
    made = World(outside, project)

    class Counts(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.got.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counts) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/upload"
        (project / "p.yaml").write_text(PIPELINE.format(world=outside))
        (project / "out.py").write_text(CODE.format(world=outside, url=url))
        (project / "people.csv").write_text("age\n1\n2\n")
        yield made
        server.shutdown()


def test_a_test_leaves_the_world_byte_for_byte_and_a_run_does_not(world):
    before = world.state()
    world.call("test", "p.yaml")
    assert world.state() == before

    assert world.call("run", "p.yaml").returncode == 0
    got, files = world.state()
    assert got == ["/upload"]
    assert files.keys() == {"kept.csv", "notified", "people.db", "shared.csv"}
    assert files["people.db"] != before[1]["people.db"]


def test_what_code_wanted_of_the_world_is_found_and_what_says_so_is_skipped(world):
    assert world.call("test", "p.yaml", "--json", "test.json").returncode == 1
    document = json.loads((world.project / "test.json").read_text())
    assert {(one["code"], one["step"]) for one in document["findings"]} == {
        ("PPF243", "upload"),
        ("PPF243", "store"),
    }
    skipped = {trial["step"]: trial["why"] for trial in document["trials"] if trial["status"] == "skipped"}
    assert skipped == {
        "notify": "it touches the world (effects: external), which cannot be redirected",
    }
    states = {step["name"]: (step["status"], step["why"]) for step in document["steps"]}
    assert states["after"] == ("skipped", "waits for notify, which is skipped")
    assert {name for name, (status, _) in states.items() if status == "passed"} == {
        "people",
        "publish",
        "keep",
    }

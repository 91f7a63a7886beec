"""What the processes of a step use at run time is seen, whoever opens it, and nothing else is."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from pipeproof.model.contract import Contract, Variable
from pipeproof.running.launch import Launcher
from pipeproof.running.listening import MACHINES, UNREPORTED, filter_code, this_machine
from pipeproof.running.seeing import ONLY_PYTHON
from pipeproof.running.seen import NEVER, digest_seen
from pipeproof.running.traced import Trace

KERNEL = pytest.mark.skipif(this_machine() is None, reason="the kernel here cannot report what is opened")
PAST = time.time() - 3600


def lay(path: Path, content: str | bytes = "a,b\n1,2\n") -> Path:
    """Write a file that is an hour old."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (PAST, PAST))
    return path


def used(ended, *without: str) -> list[tuple[str, str]]:
    """Return what was seen besides the modules of the project's own."""
    assert ended.failure is None, ended.failure
    left_out = {"module", "loaded", *without}
    return sorted((seen.what, seen.name) for seen in ended.seen if seen.what not in left_out)


@pytest.fixture
def data(tmp_path):
    """A file in each format."""
    import polars as pl

    frame = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    lay(tmp_path / "d" / "t.csv")
    lay(tmp_path / "d" / "t.json", "{}")
    frame.write_parquet(tmp_path / "d" / "t.parquet")
    frame.write_ipc(tmp_path / "d" / "t.arrow")
    connection = sqlite3.connect(tmp_path / "d" / "t.db")
    connection.execute("CREATE TABLE t (a)")
    connection.commit()
    connection.close()
    for path in (tmp_path / "d").iterdir():
        os.utime(path, (PAST, PAST))
    return tmp_path / "d"


FILES = {
    "open": ("t.csv", "open('d/t.csv').read()"),
    "bytes": ("t.csv", "open(b'd/t.csv').read()"),
    "os.open": ("t.csv", "import os; os.read(os.open('d/t.csv', os.O_RDONLY), 9)"),
    "an absolute path": ("t.csv", "import os; open(os.path.abspath('d/t.csv')).read()"),
    "a path with dots": ("t.csv", "open('./d/../d//t.csv').read()"),
    "a changed folder": ("t.csv", "import os; os.chdir('d'); open('t.csv').read()"),
    "a folder's descriptor": (
        "t.csv",
        "import os; os.open('t.csv', os.O_RDONLY, dir_fd=os.open('d', os.O_PATH))",
    ),
    "a descriptor's name": (
        "t.csv",
        "import os; open(f'/proc/self/fd/{os.open(\"d/t.csv\", os.O_PATH)}').read()",
    ),
    "pathlib": ("t.csv", "from pathlib import Path; Path('d/t.csv').read_text()"),
    "mmap": (
        "t.csv",
        "import mmap\n    with open('d/t.csv') as f: mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)[:]",
    ),
    "numpy": ("t.csv", "import numpy; numpy.loadtxt('d/t.csv', skiprows=1, delimiter=',')"),
    "pandas": ("t.csv", "import pandas; pandas.read_csv('d/t.csv')"),
    "polars": ("t.parquet", "import polars; polars.read_parquet('d/t.parquet')"),
    "polars, lazily": ("t.csv", "import polars; polars.scan_csv('d/t.csv').collect()"),
    "duckdb": ("t.parquet", "import duckdb; duckdb.sql(\"FROM 'd/t.parquet'\").fetchall()"),
    "pyarrow": ("t.parquet", "import pyarrow.parquet as p; p.read_table('d/t.parquet')"),
    "pyarrow, mapped": ("t.arrow", "import pyarrow; pyarrow.memory_map('d/t.arrow').read()"),
    "sqlite": ("t.db", "import sqlite3; sqlite3.connect('d/t.db').execute('SELECT * FROM t').fetchall()"),
    "a child": ("t.csv", "import subprocess; subprocess.run(['cat', 'd/t.csv'], check=True)"),
    "a shell": ("t.csv", "import os; assert os.system('cat < d/t.csv') == 0"),
    "a fork": (
        "t.csv",
        "import os\n    if os.fork() == 0: open('d/t.csv').read(); os._exit(0)\n    os.wait()",
    ),
    "a fork of a fork": (
        "t.csv",
        "import os\n    if os.fork() == 0:\n        os.fork() and os.wait() or open('d/t.csv'); os._exit(0)\n    os.wait()",
    ),
    "a thread": (
        "t.csv",
        "import threading as t; x = t.Thread(target=open, args=('d/t.csv',)); x.start(); x.join()",
    ),
    "code of a text": ("t.csv", "exec('open(\"d/t.csv\").read()')"),
    "C": ("t.csv", "import ctypes; ctypes.CDLL(None).fopen(b'd/t.csv', b'r')"),
    "a pool of processes": (
        "t.csv",
        "import multiprocessing as m\n    with m.get_context('fork').Pool(1) as pool: pool.map(open_it, ['d/t.csv'])",
    ),
}
HEAD = "def open_it(path):\n    open(path).read()\ndef main():\n    "


@KERNEL
@pytest.mark.parametrize("way", FILES)
@pytest.mark.usefixtures("data")
def test_a_file_that_is_read_is_seen_once_by_its_name(launch, way):
    name, code = FILES[way]
    ended = launch(f"{HEAD}{code}\n")
    assert used(ended, "program") == [("file", f"d/{name}")]
    assert not {seen.what for seen in ended.seen} & set(NEVER)


OTHERS = {
    "a folder that is listed": ("import os; os.listdir('d')", [("folder", "d")]),
    "a folder that is gone through": ("import os; [e.name for e in os.scandir('d')]", [("folder", "d")]),
    "a pattern": ("import glob; glob.glob('d/*.csv')", [("folder", "d")]),
    "a pattern of a library": (
        "import polars; polars.scan_csv('d/*.csv').collect()",
        [("file", "d/t.csv"), ("folder", "d")],
    ),
    "a file that is not there": (
        "import contextlib\n    with contextlib.suppress(OSError): open('d/none')",
        [("missing", "d/none")],
    ),
    "a file that is not there, for a library": (
        "import ctypes; ctypes.CDLL(None).fopen(b'd/none', b'r')",
        [("missing", "d/none")],
    ),
    "a question after a file": ("import os; os.path.exists('d/none')", [("presence", "d/none")]),
    "a question by a path": ("from pathlib import Path; Path('d/t.csv').exists()", [("presence", "d/t.csv")]),
    "a question after its size": ("import os; os.path.getsize('d/t.csv')", [("presence", "d/t.csv")]),
    "a pattern without stars": ("import glob; glob.glob('d/t.csv')", [("presence", "d/t.csv")]),
    "a question before reading": (
        "import os\n    if os.path.exists('d/t.csv'): open('d/t.csv').read()",
        [("file", "d/t.csv")],
    ),
    "a program": (
        "import subprocess; subprocess.run(['./tool'], check=True)",
        [("file", "tool"), ("program", "tool")],
    ),
    "a program of the system": (
        "import subprocess; subprocess.run(['/bin/true'])",
        [("program", "/bin/true")],
    ),
    "another interpreter": ("import subprocess, sys; subprocess.run([sys.executable, '-c', ''])", []),
}


@KERNEL
@pytest.mark.parametrize("way", OTHERS)
@pytest.mark.usefixtures("data")
def test_whatever_else_decides_what_a_step_does_is_seen(launch, tmp_path, way):
    lay(tmp_path / "tool", "#!/bin/sh\ntrue\n").chmod(0o755)
    os.utime(tmp_path / "tool", (PAST, PAST))
    code, seen = OTHERS[way]
    ended = launch(f"{HEAD}{code}\n")
    assert used(ended) == seen


HIDDEN = {
    "a link that it made": (
        "os.symlink(os.path.abspath('d/t.csv'), f'{t}/l'); open(f'{t}/l')",
        [("file", "d/t.csv")],
    ),
    "a link to a folder": (
        "os.symlink(os.path.abspath('d'), f'{t}/l'); open(f'{t}/l/t.csv')",
        [("file", "d/t.csv")],
    ),
    "a link in its own folder": (
        "os.makedirs(context.scratch, exist_ok=True); l = context.scratch + '/l'; os.symlink(os.path.abspath('d/t.csv'), l); open(l)",
        [("file", "d/t.csv")],
    ),
    "a link that leads nowhere": (
        "os.symlink(os.path.abspath('d/none'), f'{t}/l'); os.path.exists(f'{t}/l')",
        [("presence", "d/none")],
    ),
    "one more name": ("os.link('d/t.csv', f'{t}/l'); open(f'{t}/l')", [("changing", "d/t.csv")]),
    "names in a copy of a folder": (
        "os.system(f'cp -al d {t}/c'); open(f'{t}/c/t.csv')",
        [("changing", "d/t.csv"), ("folder", "d")],
    ),
    "data below site-packages": (
        "open('vendor/site-packages/x.txt')",
        [("file", "vendor/site-packages/x.txt")],
    ),
    "data below lib/python3": ("open('lib/python3/x.txt')", [("file", "lib/python3/x.txt")]),
    "a file that is not there, to be changed": (
        "contextlib.suppress(OSError).__exit__(*failing(open, 'd/none', 'r+'))",
        [("missing", "d/none")],
    ),
    "a file that is not there, to be read and added to": ("open('d/none', 'a+')", [("missing", "d/none")]),
    "a file that must not be there": ("open('d/none', 'x')", [("missing", "d/none")]),
    "the log of a database that nobody writes": (
        "sqlite3.connect('w.db').execute('SELECT * FROM t').fetchall()",
        [("file", "w.db"), ("missing", "w.db-shm"), ("missing", "w.db-wal")],
    ),
}


@KERNEL
@pytest.mark.parametrize("way", HIDDEN)
@pytest.mark.usefixtures("data")
def test_what_a_step_comes_to_by_ways_of_its_own_is_seen(launch, tmp_path, way):
    lay(tmp_path / "vendor" / "site-packages" / "x.txt")
    lay(tmp_path / "lib" / "python3" / "x.txt")
    with contextlib.closing(sqlite3.connect(tmp_path / "w.db")) as database:
        database.execute("PRAGMA journal_mode=wal")
        database.execute("CREATE TABLE t (a)")
    os.utime(tmp_path / "w.db", (PAST, PAST))
    code, seen = HIDDEN[way]
    ended = launch(f"""
        import contextlib, os, sqlite3, tempfile
        def failing(function, *given):
            try:
                function(*given)
            except OSError as error:
                return type(error), error, None
        def main(context):
            t = tempfile.mkdtemp()
            {code}
        """)
    assert used(ended, "program") == seen


@KERNEL
@pytest.mark.usefixtures("data")
def test_a_folder_that_is_moved_to_where_the_step_works_is_not_its_own(launch):
    ended = launch(
        f"{HEAD}import os, tempfile; t = tempfile.mkdtemp(); os.rename('d', f'{{t}}/d'); open(f'{{t}}/d/t.csv')\n"
    )
    ((what, name),) = used(ended)
    assert (what, Path(name).name) == ("changing", "t.csv")


LEFT_OUT = {
    "what it links": "import os; open('new', 'w').close(); os.link('new', 'newer'); open('newer').read()",
    "what it links to": "import os; open('new', 'w').close(); os.symlink('new', 'newer'); open('new').read()",
    "a temporary file that it leaves": "import tempfile; tempfile.mkstemp()",
    "what it wrote before": "open('new', 'w').close(); open('new').read()",
    "what it wrote over": "open('d/t.csv', 'w').close(); open('d/t.csv').read()",
    "what it renamed": "import os; open('new', 'w').close(); os.rename('new', 'd/t.csv'); open('d/t.csv').read()",
    "what lies in a folder that it made": "import os; os.mkdir('m'); open('m/a', 'w').close(); os.listdir('m')",
    "what a child of it wrote": "import os; os.system('echo a > new; mv new newer'); open('newer').read()",
    "a temporary file": "import tempfile as t\n    with t.TemporaryFile('w+') as f: f.write('a'); f.seek(0); f.read()",
    "a temporary folder": "import tempfile, os\n    with tempfile.TemporaryDirectory() as d: os.listdir(d)",
    "the attempt's own folder": "import os\n    os.makedirs(context.scratch, exist_ok=True); os.listdir(context.scratch)",
    "the system's": "open('/proc/self/status').read(); open('/etc/passwd').read(); open('/dev/null').read()",
    "the interpreter's": "import json; open(json.__file__).read()",
    "a package": "import polars; open(polars.__file__).read()",
    "a package that it imports": "import jinja2.sandbox",
    "a question after its own": "import os; open('new', 'w').close(); assert os.path.exists('new')",
    "a time zone": "import zoneinfo; zoneinfo.ZoneInfo('Europe/Berlin')",
}


@KERNEL
@pytest.mark.parametrize("way", LEFT_OUT)
@pytest.mark.usefixtures("data")
def test_what_is_no_input_is_left_out(launch, way):
    ended = launch(f"def main(context):\n    {LEFT_OUT[way]}\n")
    assert used(ended, "program") == []


@KERNEL
def test_modules_are_named_by_their_source_whatever_was_opened(launch, tmp_path):
    lay(tmp_path / "plug" / "__init__.py", "")
    lay(tmp_path / "plug" / "thing.py", "X = 1\n")
    code = "import importlib\ndef main():\n    importlib.import_module('plug.' + 'thing')\n"
    for _ in range(2):  # the second one finds compiled code
        ended = launch(code)
        modules = {seen.name for seen in ended.seen if seen.what == "module"}
        assert modules - {"code0.py", "code1.py"} == {"plug/__init__.py", "plug/thing.py"}
        assert used(ended) == []


@KERNEL
@pytest.mark.slow
def test_a_model_that_a_library_loads_is_seen(launch, tmp_path):
    import numpy as np
    import xgboost

    model = xgboost.train({}, xgboost.DMatrix(np.eye(4), np.arange(4)), 1)
    model.save_model(tmp_path / "m.ubj")
    os.utime(tmp_path / "m.ubj", (PAST, PAST))
    ended = launch("import xgboost\ndef main():\n    xgboost.Booster(model_file='m.ubj')\n")
    assert used(ended, "presence") == [("file", "m.ubj")]


ASKED = """
import os
def main(context):
    os.environ.get("REGION"), os.environ.get("NOT_THERE"), os.environ.get("DECLARED"), os.environ.get("GIVEN")
    return context.parameters.get("rate"), context.parameters.get("none")
"""


@pytest.mark.parametrize("isolation", ["worker", "fresh"])
def test_variables_and_parameters_that_are_asked_for_are_seen_without_their_values(
    launch, monkeypatch, isolation
):
    monkeypatch.setenv("REGION", "hunter2hunter2")
    contract = Contract(environment=(Variable("DECLARED"),))
    ended = launch(ASKED, isolation, contract=contract, environment={"GIVEN": "1"}, parameters={"rate": 0.5})
    assert used(ended) == [
        ("parameter", "none"),
        ("parameter", "rate"),
        ("variable", "NOT_THERE"),
        ("variable", "REGION"),
    ]
    assert "hunter2" not in repr(ended)
    assert all(seen.digest for seen in ended.seen)


WAYS_TO_A_PARAMETER = {
    "['rate']": ["rate"],
    ".get('rate')": ["rate"],
    ".get('none', 1)": ["none"],
    " | {}": ["other", "rate"],
    ".items()": ["other", "rate"],
    ".copy()": ["other", "rate"],
    ".pop('rate')": ["rate"],
    ".setdefault('rate', 2)": ["rate"],
    ".popitem()": ["other", "rate"],
    "": [],
}


@pytest.mark.parametrize("way", WAYS_TO_A_PARAMETER)
def test_a_parameter_counts_when_it_is_asked_for(launch, way):
    code = f"def main(context):\n    x = context.parameters{way}\n"
    ended = launch(code, "worker", parameters={"rate": 1, "other": 2})
    assert [name for what, name in used(ended)] == WAYS_TO_A_PARAMETER[way]


@pytest.mark.parametrize(
    "expression",
    [
        "dict(p)",
        "{**p}",
        "list(p)",
        "str(p)",
        "json.dumps(p)",
        "p == {}",
        "len(p)",
        "take(**p)",
        "copy.copy(p)",
        "copy.deepcopy(p)",
    ],
)
def test_what_takes_all_parameters_counts_as_asking_for_each(launch, expression):
    code = f"import copy, json\ndef take(**given): pass\ndef main(context):\n    p = context.parameters; {expression}\n"
    ended = launch(code, "worker", parameters={"rate": 1, "other": 2})
    assert [name for what, name in used(ended)] == ["other", "rate"]


@pytest.mark.parametrize("way", ["['none']", ".pop('none')"])
def test_no_frame_of_ours_is_in_the_traceback_of_a_parameter_that_is_not_there(launch, way):
    ended = launch(f"def main(context):\n    context.parameters{way}\n", "worker", parameters={"rate": 1})
    assert ended.failure.type == "KeyError"
    assert "pipeproof" not in ended.failure.traceback


WAYS_TO_A_VARIABLE = {
    "setdefault": "os.environ.setdefault('REGION', 'x')",
    "pop": "os.environ.pop('REGION', None)",
    "a text": "exec(\"os.environ['REGION']\")",
    "a function of a text": "exec(\"def f(): return os.environ['REGION']\"); locals()['f']()",
    "a thread of a pool": "c.ThreadPoolExecutor(1).submit(os.environ.get, 'REGION').result()",
    "a module beside the project": "sys.path.insert(0, os.path.abspath('../beside')); import beside",
    "a forked pool": "m.get_context('fork').Pool(1).map(ask, [1])",
}


@KERNEL
@pytest.mark.parametrize("way", WAYS_TO_A_VARIABLE)
def test_a_variable_counts_however_code_of_the_users_asks_for_it(launch, tmp_path, monkeypatch, way):
    monkeypatch.setenv("REGION", "north")
    lay(tmp_path.parent / "beside" / "beside.py", "import os\nREGION = os.environ['REGION']\n")
    ended = launch(f"""
        import concurrent.futures as c, multiprocessing as m, os, sys
        def ask(_):
            return os.environ["REGION"]
        def main():
            {WAYS_TO_A_VARIABLE[way]}
        """)
    assert [name for what, name in used(ended) if what == "variable"] == ["REGION"]


ALL_VARIABLES = [
    "os.environ.items()",
    "os.environ.copy()",
    "dict(os.environ)",
    "os.environ | {}",
    "open('/proc/self/environ')",
]


@KERNEL
@pytest.mark.parametrize("way", ALL_VARIABLES)
def test_who_goes_through_all_variables_depends_on_each(launch, way):
    ended = launch(f"{HEAD}import os; list({way})\n")
    assert ("variable", "*") in used(ended)


@KERNEL
def test_a_parameter_that_a_forked_process_asks_for_counts(launch):
    code = """
        import os
        def main(context):
            if os.fork() == 0:
                context.parameters["rate"]
                os._exit(0)
            os.wait()
        """
    assert used(launch(code, parameters={"rate": 1, "other": 2})) == [("parameter", "rate")]


AS_DATA = {
    "opened": ("open(__file__).read()", True),
    "its source": ("import inspect; inspect.getsource(main)", True),
    "a line of it": ("import linecache; linecache.getline(__file__, 1)", True),
    "a line that a warning shows": ("import warnings; warnings.warn('old', stacklevel=1)", False),
    "a line that a traceback shows": ("import traceback; traceback.format_stack()", False),
    "run": ("import runpy; runpy.run_path(__file__)", False),
}


@KERNEL
@pytest.mark.parametrize("way", AS_DATA)
def test_code_that_is_read_as_data_counts_as_a_file(launch, way):
    code, counts = AS_DATA[way]
    ended = launch(f"{HEAD}{code}\n")
    assert [name for what, name in used(ended) if what == "file"] == ["code0.py"] * counts


def test_a_module_named_like_one_that_looks_at_code_asks_for_itself(launch, tmp_path):
    lay(tmp_path / "tokenizer.py", "import os\ndef ask(): return os.path.exists('vocabulary')\n")
    ended = launch(f"{HEAD}import tokenizer; tokenizer.ask()\n")
    assert used(ended) == [("presence", "vocabulary")]


AT_A_LINK = {
    "readlink": "os.readlink('current')",
    "realpath": "os.path.realpath('current')",
    "is_symlink": "pathlib.Path('current').is_symlink()",
    "resolve": "pathlib.Path('current').resolve()",
    "a folder's descriptor": "os.stat('current', dir_fd=os.open('.', os.O_PATH))",
}


@pytest.mark.parametrize("way", AT_A_LINK)
def test_who_asks_after_a_link_depends_on_where_it_leads(launch, tmp_path, way):
    (tmp_path / "v1").mkdir()
    (tmp_path / "v2").mkdir()
    (tmp_path / "current").symlink_to("v1")
    ended = launch(f"{HEAD}import os, pathlib; {AT_A_LINK[way]}\n")
    (seen,) = (seen for seen in ended.seen if seen.name == "current")
    (tmp_path / "current").unlink()
    (tmp_path / "current").symlink_to("v2")
    assert digest_seen(seen, tmp_path, {}, {}, salt=b"") != seen.digest


CONNECTIONS = {
    "a connection": "s = socket.socket(); s.settimeout(1); s.connect_ex(('127.0.0.1', 9))",
    "a datagram": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 9))",
    "a connection of a child": "subprocess.run(['bash', '-c', 'echo > /dev/tcp/127.0.0.1/9'])",
}


@KERNEL
@pytest.mark.parametrize("way", CONNECTIONS)
def test_connections_are_seen_and_never_compare_as_equal(launch, tmp_path, way):
    ended = launch(f"import socket, subprocess\ndef main():\n    {CONNECTIONS[way]}\n")
    assert used(ended, "program") == [("network", "127.0.0.1:9")]
    (seen,) = (seen for seen in ended.seen if seen.what == "network")
    assert digest_seen(seen, tmp_path, {}, {}, salt=b"") != seen.digest


@KERNEL
def test_a_socket_of_the_steps_own_is_no_network(launch):
    code = """
        import multiprocessing
        def main():
            with multiprocessing.get_context("fork").Manager() as manager:
                return dict(manager.dict(a=1))
        """
    assert used(launch(code)) == []


@KERNEL
@pytest.mark.usefixtures("data")
def test_a_file_that_changes_while_it_is_used_has_no_content_to_compare(launch):
    ended = launch(f"{HEAD}open('d/t.csv').read(); open('d/t.csv', 'a').write('3,4')\n")
    assert used(ended) == [("changing", "d/t.csv")]
    ended = launch(
        f"{HEAD}import sqlite3 as s; c = s.connect('d/t.db'); c.execute('INSERT INTO t VALUES (1)'); c.commit()\n"
    )
    assert ("changing", "d/t.db") in used(ended)


@KERNEL
@pytest.mark.usefixtures("data")
def test_what_lay_there_and_was_renamed_is_not_the_steps_own(launch):
    ended = launch(f"{HEAD}import os; os.rename('d/t.csv', 'd/u.csv'); open('d/u.csv').read()\n")
    assert used(ended) == [("changing", "d/u.csv")]


@KERNEL
def test_more_than_can_be_kept_is_said(launch, tmp_path):
    (tmp_path / "many").mkdir()
    for number in range(2100):
        (tmp_path / "many" / str(number)).touch()
    ended = launch(f"{HEAD}for n in range(2100): open(f'many/{{n}}').close()\n")
    assert ("too much", "2000") in used(ended)
    assert len(ended.seen) <= 2001


@KERNEL
@pytest.mark.parametrize("isolation", ["worker", "fresh"])
def test_many_threads_and_many_files_hang_nothing(launch, tmp_path, isolation):
    for number in range(50):
        lay(tmp_path / "many" / str(number))
    code = """
        import concurrent.futures
        def read(n):
            with open(f"many/{n % 50}") as file:
                return len(file.read())
        def main():
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                return sum(pool.map(read, range(1000)))
        """
    ended = launch(code, isolation)
    assert used(ended) == sorted(("file", f"many/{n}") for n in range(50))


@KERNEL
@pytest.mark.usefixtures("data")
def test_signals_that_come_all_the_time_break_into_no_opening(launch):
    code = """
        import signal
        def main():
            signal.signal(signal.SIGALRM, lambda *_: None)
            signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
            for _ in range(300):
                open("d/t.csv").close()
            signal.setitimer(signal.ITIMER_REAL, 0)
        """
    assert used(launch(code)) == [("file", "d/t.csv")]


@KERNEL
@pytest.mark.usefixtures("data")
def test_a_warm_worker_that_has_read_something_takes_no_further_step(launch):
    quiet = "import os\ndef main(): return os.getpid()\n"
    first, again = (launch(quiet, "worker").result.value[f"code{n}"]["value"] for n in range(2))
    reading = launch("import os\ndef main():\n    open('d/t.csv').read(); return os.getpid()\n", "worker")
    after = launch(quiet, "worker")
    assert first == again == reading.result.value["code2"]["value"] != after.result.value["code3"]["value"]
    assert used(after) == []


@KERNEL
def test_modules_that_earlier_steps_left_in_a_warm_worker_are_said(launch, tmp_path):
    lay(tmp_path / "settings.py", "REGION = 'north'\n")
    launch("import settings\ndef main(): return settings.REGION\n", "worker")
    later = launch("import settings\ndef main(): return settings.REGION\n", "worker")
    assert {(seen.what, seen.name) for seen in later.seen} == {
        ("module", "code1.py"),
        ("loaded", "code0.py"),
        ("loaded", "settings.py"),
    }


@KERNEL
def test_a_warm_worker_that_has_asked_for_a_variable_takes_no_further_step(launch):
    launch("import os\ndef main(): return os.environ.get('REGION')\n", "worker")
    after = launch("def main(): return 1\n", "worker")
    assert {(seen.what, seen.name) for seen in after.seen} == {("module", "code1.py")}


@pytest.mark.usefixtures("data")
def test_a_step_that_fails_used_nothing_that_counts(launch):
    assert launch(f"{HEAD}open('d/t.csv').read(); raise ValueError\n").seen == ()


@pytest.mark.parametrize("isolation", ["worker", "fresh"])
def test_no_frame_of_ours_is_in_the_traceback_of_a_question(launch, isolation):
    ended = launch("from pathlib import Path\ndef main():\n    Path('none').stat()\n", isolation)
    assert (ended.failure.type, ended.failure.frames[-1].line) == ("FileNotFoundError", 3)
    assert "pipeproof" not in ended.failure.traceback


@KERNEL
def test_questions_can_be_sent_to_other_processes(launch):
    code = "import os, pickle\ndef main():\n    assert pickle.loads(pickle.dumps(os.stat)) is os.stat\n"
    assert used(launch(code)) == []


@pytest.mark.usefixtures("data")
def test_a_trial_keeps_its_own_questions(launch, tmp_path):
    (tmp_path / "sealed").mkdir()
    ended = launch(f"{HEAD}open('d/t.csv').read()\n", sealed=str(tmp_path / "sealed"))
    assert (ended.failure, ended.seen) == (None, ())


@KERNEL
def test_a_program_for_which_the_kernel_keeps_no_answer_dies_with_its_supervisor(tmp_path):
    code = """
        import os, sys, time
        def main():
            open("pid", "w").write(str(os.getpid()))
            while True:
                open("pid").close()
        """
    lay(tmp_path / "code.py", textwrap.dedent(code))
    run = f"""
        import sys
        from pathlib import Path
        from pipeproof.model.plan import Task
        from pipeproof.model.step import Step
        from pipeproof.ports import Job, Program
        from pipeproof.running.launch import Launcher
        root = Path({str(tmp_path)!r})
        job = Job("r", Task(Step("s", "python"), "", "run", ""), 1, {{}}, {{}}, str(root / "s"), str(root / "log"), root)
        args = dict(function="code.py:main", root=str(root), inputs={{}}, arguments={{}}, outputs=["s"], split=False, into="")
        Launcher(root=root).launch(Program("pipeproof.steps.calls.python:call_function", args, str(root), {{}}), job, "fresh")
        """
    supervisor = subprocess.Popen([sys.executable, "-c", textwrap.dedent(run)], cwd=tmp_path)
    end = time.monotonic() + 20
    while not ((tmp_path / "pid").exists() and (tmp_path / "pid").read_text()) and time.monotonic() < end:
        time.sleep(0.01)
    pid = int((tmp_path / "pid").read_text())
    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait()
    while Path(f"/proc/{pid}/status").exists() and time.monotonic() < end:
        time.sleep(0.01)
    assert not Path(f"/proc/{pid}/status").exists()


PYTHON_ONLY = {
    "open": ("open('d/t.csv').read()", [("file", "d/t.csv")]),
    "pandas": ("import pandas; pandas.read_csv('d/t.csv')", [("file", "d/t.csv")]),
    "sqlite": ("import sqlite3; sqlite3.connect('d/t.db')", [("file", "d/t.db")]),
    "a folder": ("import os; os.listdir('d')", [("folder", "d")]),
    "a question": ("import os; os.path.exists('d/none')", [("presence", "d/none")]),
    "a connection": (
        "import socket; socket.socket().connect_ex(('127.0.0.1', 9))",
        [("network", "127.0.0.1:9")],
    ),
    "its own": ("open('new', 'w').close(); open('new').read()", []),
    "a program": ("import subprocess; subprocess.run(['true'])", [("unseen", "what true used")]),
}


@pytest.mark.parametrize("way", PYTHON_ONLY)
@pytest.mark.usefixtures("data")
def test_without_the_kernel_what_python_opens_is_seen(launch, launcher: Launcher, way):
    launcher.trace = "python"
    code, seen = PYTHON_ONLY[way]
    ended = launch(f"{HEAD}{code}\n")
    assert used(ended) == seen
    assert ended.notes == ()


IN_A_THREAD = {
    "open": ("from pathlib import Path; Path(f'{here}/d/t.csv').read_text()", [("file", "d/t.csv")]),
    "a folder": ("import os; os.listdir(f'{here}/d')", [("folder", "d")]),
    "a parameter": ("context.parameters['rate']", [("parameter", "rate")]),
    "its own": ("from pathlib import Path; p = Path(f'{here}/new'); p.write_text(''); p.read_text()", []),
    "an import": ("import wsgiref.headers", []),
}


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("way", IN_A_THREAD)
def test_what_python_opens_in_a_thread_of_ours_is_seen(launch, tmp_path, way):
    code, seen = IN_A_THREAD[way]
    text = f"here = {str(tmp_path)!r}\ndef main(context):\n    {code}\n"
    assert used(launch(text, "thread", parameters={"rate": 1})) == seen


@pytest.mark.parametrize("name", MACHINES)
def test_the_filter_reports_the_calls_that_it_should_and_lets_others_pass(name):
    machine = MACHINES[name]
    code = filter_code(machine)
    number = {call: number for number, call in machine.calls.items()}
    reported = {nr for nr in range(600) if is_reported(code, nr, machine.audit)}
    assert reported == set(machine.calls) - {number["sendto"]}
    assert is_reported(code, number["sendto"], machine.audit, address=1 << 40)
    assert is_reported(code, number["sendto"], machine.audit, address=8)
    assert not is_reported(code, number["openat"], machine.audit, flags=UNREPORTED)
    assert is_reported(code, 1, machine.audit + 1)
    assert is_reported(code, 0x40000001, machine.audit)


def is_reported(code: bytes, number: int, audit: int, address: int = 0, flags: int = 0) -> bool:
    """Run a filter as the kernel would."""
    given = {0: number, 4: audit, 32: flags, 48: address & 0xFFFFFFFF, 52: address >> 32}
    at, held = 0, 0
    while True:
        what, true, false = int.from_bytes(code[at : at + 2], "little"), code[at + 2], code[at + 3]
        operand = int.from_bytes(code[at + 4 : at + 8], "little")
        if what == 0x06:
            return operand == 0x7FC00000
        if what == 0x20:
            held, step = given[operand], 0
        else:
            holds = {0x15: held == operand, 0x35: held >= operand, 0x45: bool(held & operand)}[what]
            step = true if holds else false
        at += 8 * (1 + step)


NESTED = """
import socket, sys
from pathlib import Path
from pipeproof.model.plan import Task
from pipeproof.model.step import Step
from pipeproof.ports import Job, Program
from pipeproof.running.launch import Launcher
from pipeproof.running.listening import listen
socket.send_fds(socket.socket(fileno=int(sys.argv[1])), [b"x"], [listen()])
root = Path.cwd()
job = Job("r", Task(Step("s", "python"), "", "run", ""), 1, {}, {}, str(root / "s"), str(root / "log"), root)
args = dict(function="code.py:main", root=str(root), inputs={}, arguments={}, outputs=["s"], split=False, into="")
launcher = Launcher(root=root)
ended = launcher.launch(Program("pipeproof.steps.calls.python:call_function", args, str(root), {}), job, "fresh")
launcher.close()
print(ended.notes, [(seen.what, seen.name) for seen in ended.seen])
"""


@KERNEL
@pytest.mark.usefixtures("data")
def test_where_the_kernel_already_reports_to_another_python_is_asked_and_that_is_said(tmp_path):
    lay(tmp_path / "code.py", "def main():\n    open('d/t.csv').close()\n")
    ours, theirs = socket.socketpair()
    inner = subprocess.Popen(
        [sys.executable, "-c", NESTED, str(theirs.fileno())],
        cwd=tmp_path,
        pass_fds=[theirs.fileno()],
        stdout=subprocess.PIPE,
        text=True,
    )
    theirs.close()
    trace = Trace()
    with ours:
        trace.attach(socket.recv_fds(ours, 1, 1)[1][0])
    poll = select.poll()
    poll.register(trace.listener, select.POLLIN)
    while any(event & select.POLLIN for _, event in poll.poll(20_000)):
        trace.answer()
    printed, _ = inner.communicate(timeout=20)
    trace.close()
    assert ONLY_PYTHON in printed
    assert "('file', 'd/t.csv')" in printed

"""A run's end is seen by every process, whatever it ends by."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading

from pipeproof.pools.lifeline import Lifeline

HOLD = """
import sys
from pipeproof.pools.lifeline import Lifeline
Lifeline(sys.argv[1]).hold()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_run_is_alive_then_stopping_then_over(tmp_path):
    line, eye = Lifeline(f"{tmp_path}/line"), Lifeline(f"{tmp_path}/line")
    seen = [eye.state()]
    line.hold()
    seen.append(eye.state())
    line.stop()
    seen.append(eye.state())
    line.stop()  # asked twice
    seen.append(eye.state())
    line.cut()
    seen.append(eye.state())
    assert seen == ["over", "alive", "stopping", "stopping", "over"]


def test_a_run_whose_process_was_killed_is_over(tmp_path):
    folder = f"{tmp_path}/line"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        assert Lifeline(folder).state() == "alive"
        process.kill()
        process.wait()
        assert Lifeline(folder).state() == "over"


def test_a_run_whose_folder_was_removed_is_over_and_can_still_be_stopped(tmp_path):
    line = Lifeline(f"{tmp_path}/line")
    line.hold()
    shutil.rmtree(line.folder)
    line.stop()
    assert (line.state(), line.has_begun(0)) == ("over", False)
    line.cut()


def test_many_who_look_do_not_take_each_other_for_the_run(tmp_path):
    line = Lifeline(f"{tmp_path}/line")
    line.hold()
    line.cut()
    seen = set()
    start = threading.Barrier(4)

    def look():
        start.wait(10)
        seen.update(Lifeline(f"{tmp_path}/line").state() for _ in range(200))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {"over"}


def test_of_many_who_begin_a_job_one_does(tmp_path):
    line = Lifeline(f"{tmp_path}/line")
    line.hold()
    assert not line.has_begun(3)
    first = []
    threads = [
        threading.Thread(target=lambda: first.append(Lifeline(line.folder).begin(3))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(first) == [False] * 7 + [True]
    assert [line.has_begun(number) for number in (2, 3, 4)] == [False, True, False]
    line.cut()

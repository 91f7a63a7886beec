"""A program of its own that forks clean children on request.

It imports an allow-list of libraries and then only forks, reaps and kills: it computes nothing,
reads nothing and has no threads of ours, so that a child starts in milliseconds with pandas or
XGBoost ready. Standard library only.

The control socket carries requests, each with three descriptors: the child's channel, the write
end of its log, and the write end of a pipe on which the server tells how it ended. When the
control socket closes, everything is killed and the server ends.

No descendant outlives its task. Each child is a subreaper (prctl(2), PR_SET_CHILD_SUBREAPER): what
its own children leave behind comes to it, and what it leaves behind comes to the server, which is
one too. So whatever arrives here without being a child of ours belongs to a task that is over.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import traceback
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeproof.running import groups, listening, seal, watch, worker
from pipeproof.running.channel import Channel
from pipeproof.running.groups import Group
from pipeproof.running.limits import cut_network, limit, limit_memory
from pipeproof.running.streams import keep_standard_descriptors

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LENGTH = struct.Struct("!I")
_DESCRIPTORS = 3
DUMP = signal.SIGRTMAX if hasattr(signal, "SIGRTMAX") else signal.SIGUSR2
"""Asks a child for its stack; the last real-time signal, as nobody else uses it."""


@dataclass
class Child:
    """A child that runs: its process, its number, and the pipe that tells of its end."""

    pid: int
    number: int
    ended: int
    limits: dict[str, Any]
    group: Group | None = None
    killed: bool = False
    over: str = ""

    @property
    def watched(self) -> bool:
        """Whether it has limits that only hold for its processes one by one."""
        kept = self.group.limits if self.group else ()
        return any(self.limits.get(name) and name not in kept for name in watch.WATCHED)


@dataclass(frozen=True)
class Forked:
    """What a forked child knows of itself: its request, the descriptors that came with it, its control group."""

    request: dict[str, Any]
    channel: int
    log: int
    ended: int
    group: Group | None = None


def main() -> Server:
    """Serve forks on the socket whose descriptor is the first argument.

    Returns:
        The server that is over, or in a forked child the one that it came from: a child goes back
        to the bottom of the stack first, so that few frames of ours are above the user's.
    """
    keep_standard_descriptors()
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the coordinator decides
    libc = ctypes.CDLL(None, use_errno=True)
    _prctl(libc, _PR_SET_CHILD_SUBREAPER, 1)
    _load(sys.argv[2:])
    groups.sweep()
    seal.prepare()
    gc.collect()
    gc.freeze()  # keeps the collector from touching, and so copying, what was imported
    warnings.filterwarnings(
        "ignore", category=DeprecationWarning, message=".*fork.*"
    )  # libraries' idle threads
    server = Server(control, libc)
    with contextlib.suppress(OSError):  # the coordinator may be gone
        control.send(b"\0")  # ready: the time of a step counts from here at the earliest
    server.serve()
    return server


def _load(names: Iterable[str]) -> bool:
    """Import what is not imported yet, and say whether there was any."""
    new = [name for name in names if name not in sys.modules]
    for name in new:
        with contextlib.suppress(Exception):  # a library that cannot be imported is the step's failure
            importlib.import_module(name)
    return bool(new)


class Server:
    """The loop: requests and deaths in, forks and notices out."""

    def __init__(self, control: socket.socket, libc: Any) -> None:
        self.control = control
        self.libc = libc
        self.children: dict[int, Child] = {}
        self.forked: Forked | None = None
        read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()
        os.set_blocking(write, False)
        os.set_blocking(read, False)
        self.wakeup = read
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Serve until the control socket closes; returns in a forked child too."""
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        poll.register(self.wakeup, select.POLLIN)
        while True:
            watched = any(child.watched for child in self.children.values())
            ready = {descriptor for descriptor, _ in poll.poll(watch.PAUSE * 1000 if watched else None)}
            if watched:
                self.look()
            if self.wakeup in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wakeup, 4096)
                self.reap()
            if self.control.fileno() in ready and not self.take_request():
                break
        if self.forked is None:
            self.end_all()

    def end_all(self) -> None:
        """End the children and what they leave behind."""
        for child in self.children.values():
            _kill_group(child.pid)
        self.children.clear()  # so that these are swept too, and then what they leave behind
        self.sweep()

    def take_request(self) -> bool:
        """Carry out one request; False when the coordinator is gone, and in a forked child."""
        try:
            header, descriptors, _, _ = socket.recv_fds(self.control, _LENGTH.size, _DESCRIPTORS)
            body = self.control.recv(_LENGTH.unpack(header)[0], socket.MSG_WAITALL) if header else b""
        except OSError:
            return False
        if not body:
            return False
        request = json.loads(body)
        if "kill" in request:
            self.kill(request["kill"])
        elif "dump" in request:
            self.dump(request["dump"])
        else:
            self.fork(request, descriptors)
        return self.forked is None

    def fork(self, request: dict[str, Any], descriptors: list[int]) -> None:
        """Fork a child for a request."""
        channel, log, ended = descriptors
        if _load(request["needs"]):
            gc.freeze()
        group = groups.make(request["limits"], request["number"])
        try:
            pid = os.fork()
        except OSError as error:
            os.write(ended, json.dumps({"error": str(error)}).encode())
            for descriptor in descriptors:
                os.close(descriptor)
            if group:
                group.remove()
            return
        if pid == 0:
            self.forked = Forked(request, channel, log, ended, group)
            return
        os.close(channel)
        os.close(log)
        self.children[pid] = Child(pid, request["number"], ended, request["limits"], group)

    def leave(self, forked: Forked) -> Channel:
        """Let go of all that is the server's, in a forked child, and return the child's channel."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.setsid()
        _prctl(self.libc, _PR_SET_PDEATHSIG, signal.SIGKILL)
        _prctl(self.libc, _PR_SET_CHILD_SUBREAPER, 1)
        self.control.close()
        os.close(self.wakeup)
        os.close(forked.ended)
        for other in self.children.values():
            os.close(other.ended)
        self.children.clear()
        _take_streams(forked.log)
        os.set_inheritable(forked.channel, False)  # noqa: FBT003 the signature is the library's; what the code starts must not hold the channel open
        _be_killed_first()
        faulthandler.register(DUMP, file=forked.channel, all_threads=False)
        return Channel(socket.socket(fileno=forked.channel))

    def reap(self) -> None:
        """Collect what died, tell who waits for it, and end what it left behind."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            child = self.children.pop(pid, None)
            if child is not None:
                _kill_group(pid)
                self.sweep()
                if child.group:
                    child.over = child.over or child.group.reached()
                    child.group.remove()
                self.tell(child, status, usage)

    def look(self) -> None:
        """End the children that use more than they may, together with what they started."""
        for child in self.children.values():
            if child.watched and not child.over:
                child.over = watch.exceeded(child.pid, child.limits, own=os.getpid())
                if child.over:
                    _kill_group(child.pid)

    def tell(self, child: Child, status: int, usage: resource.struct_rusage) -> None:
        """Write how a child ended to its pipe."""
        notice = {
            "status": os.waitstatus_to_exitcode(status),
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "killed": child.killed,
            "over": child.over,
        }
        with contextlib.suppress(OSError):  # the coordinator may be gone
            os.write(child.ended, json.dumps(notice).encode())
        os.close(child.ended)

    def kill(self, number: int) -> None:
        """End the child with this number, if it still runs."""
        for child in self.children.values():
            if child.number == number:
                child.killed = True
                _kill_group(child.pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGKILL)

    def dump(self, number: int) -> None:
        """Let the child with this number write its stack to its channel."""
        for child in self.children.values():
            if child.number == number:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, DUMP)

    def sweep(self) -> None:
        """Kill what ended tasks left behind, until nothing more arrives."""
        for _ in range(1000):
            strays = [pid for pid in _own_children() if pid not in self.children]
            if not strays:
                return
            for pid in strays:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)


def serve(server: Server, forked: Forked) -> None:
    """Run programs in a forked child, under the limits of its request; never returns."""
    status = 1
    try:
        channel = server.leave(forked)
        if forked.group:
            forked.group.enter()
        if refusal := refused(forked.request["limits"], server.libc):
            channel.send({"refused": refusal})
        elif command := forked.request.get("command"):
            become(command, channel)
        traced = not refusal and bool(forked.request.get("trace")) and let_listen(channel)
        while not refusal and (request := channel.receive()) is not None:
            reply = worker.answer(
                request, last=bool(forked.request["once"]), ask=channel.ask, listening=traced
            )
            channel.send(reply)
            if reply["last"]:
                break
        status = 0
    except BaseException:  # noqa: BLE001 whatever it is, a child ends below
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def become(command: dict[str, Any], channel: Channel) -> None:
    """Go on as another program, which finds the channel behind its arguments."""
    descriptor = channel.connection.fileno()
    os.set_inheritable(descriptor, True)  # noqa: FBT003 the signature is the library's
    environment = {name: value for name, value in os.environ.items() if name not in command["without"]}
    program = command["program"]
    os.execve(program[0], [*program, str(descriptor)], environment | command["environment"])  # noqa: S606 without a shell, on purpose


def let_listen(channel: Channel) -> bool:
    """Have the kernel report what this process does from now on to whoever is behind the channel, if that can be had."""
    try:
        listener = listening.listen()
    except OSError:
        return False
    channel.give({"listening": True}, listener)
    os.close(listener)
    return True


def refused(limits: dict[str, Any], libc: Any) -> str:
    """Limit this process as asked, or say why that cannot be; memory counts from where it stands now."""
    try:
        limit(limits)
        limit_memory({} if limits.get("foreign") else limits)  # another interpreter begins elsewhere
        if limits.get("network") is False:
            cut_network(libc)
    except (OSError, ValueError) as error:
        text = error.strerror if isinstance(error, OSError) else str(error)
        return f"the limits of this step cannot be set here: {text}"
    return ""


def _be_killed_first() -> None:
    """Let the kernel, when memory runs out, take the step rather than whoever looks after it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def _take_streams(log: int) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(null)
    os.close(log)
    # Fresh text layers: line by line, so that a crash loses no line that was printed.
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 open for good
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115 open for good
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115 open for good


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _own_children() -> list[int]:
    me = os.getpid()
    with contextlib.suppress(OSError):
        return [int(pid) for pid in Path(f"/proc/{me}/task/{me}/children").read_text().split()]
    return []


def _prctl(libc: Any, option: int, value: int) -> None:
    if sys.platform == "linux":
        libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0)


if __name__ == "__main__":
    _server = main()
    if _server.forked is not None:
        serve(_server, _server.forked)

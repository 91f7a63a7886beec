"""The coordinator's end of the fork server and of the children that it forks."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeproof.ports import Counterpart
from pipeproof.running.channel import Channel
from pipeproof.running.describe import frames_of_dump
from pipeproof.running.logs import LogFile
from pipeproof.running.seeing import Memory
from pipeproof.running.streams import keep_standard_descriptors
from pipeproof.running.traced import Trace

_GRACE = 5.0  # seconds that the server has to end
_DUMP_GRACE = 0.5  # seconds that a child has to say where it hangs
_PAUSE_MS = 20  # after which a stack that is being written is complete
_PIECE = 65536  # what a pipe holds
# Set before any library is loaded, later is too late. Threads of OpenMP that wait by spinning take the
# processor from the step beside them: on two busy cores a training took 30 times as long.
_DEFAULTS = {"PYTHONHASHSEED": "0", "OMP_WAIT_POLICY": "PASSIVE"}


class ForkFailedError(Exception):
    """The fork server could not make a child."""


NOBODY = {
    "findings": [{"code": "PPF260", "what": "the context can be asked for nothing in a step of this kind"}]
}
"""The answer where nobody stands behind a context."""


class ForkServer:
    """The coordinator's end of the fork server.

    Args:
        preload: Libraries to import before anything is forked.
        root: Folder that children start in.
    """

    def __init__(self, preload: Iterable[str] = (), root: Path | None = None) -> None:
        keep_standard_descriptors()
        ours, theirs = socket.socketpair()
        self._control = ours
        self._lock = threading.Lock()
        self._importing = threading.Lock()
        self._ready = False
        self._number = 0
        environment = {**_DEFAULTS, **os.environ}
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 our own program
                # -P: a json.py in the user's folder must not stand in for the library's.
                [sys.executable, "-P", "-m", "pipeproof.running.forkserver", str(theirs.fileno()), *preload],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=environment,
                cwd=root,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether the server still runs; a step's code may have killed it."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    def fork(
        self,
        *,
        once: bool,
        limits: Mapping[str, Any],
        trace: bool = False,
        command: Mapping[str, Any] | None = None,
        needs: Iterable[str] = (),
    ) -> Child:
        """Ask for a child, which goes on as `command` if given; it may still be on its way when this returns.

        Args:
            once: Whether it ends with its first program.
            limits: What it may use.
            trace: Whether the kernel tells what it uses.
            command: What it goes on as.
            needs: Libraries to import first, where the server has not done so already.

        Raises:
            ForkFailedError: The server is gone.
        """
        waited = self._await_ready()
        ours, theirs = socket.socketpair()
        log_read, log_write = os.pipe()
        end_read, end_write = os.pipe()
        with self._lock:
            self._number += 1
            number = self._number
        request = {
            "number": number,
            "once": once,
            "limits": dict(limits),
            "trace": trace,
            "command": command,
            "needs": list(needs),
        }
        child = Child(self, number, Channel(ours, expects=trace), log_read, end_read, once=once)
        child.waited = waited
        try:
            self._send(request, [theirs.fileno(), log_write, end_write])
        except OSError as error:
            child.close()
            raise ForkFailedError(f"the fork server is gone ({error.strerror})") from None
        finally:
            theirs.close()
            os.close(log_write)
            os.close(end_write)
        return child

    def kill(self, number: int) -> None:
        """End a child and everything it started."""
        with contextlib.suppress(OSError):
            self._send({"kill": number}, [])

    def dump(self, number: int) -> None:
        """Let a child write where it is to its channel."""
        with contextlib.suppress(OSError):
            self._send({"dump": number}, [])

    def close(self) -> None:
        """End the server and everything below it."""
        self._control.close()
        try:
            self._process.wait(timeout=_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _await_ready(self) -> float:
        """Wait until the server has imported what it should: that is no part of the time of a step.

        Returns:
            How long that was, in seconds.
        """
        if self._ready:
            return 0.0
        began = time.perf_counter()
        with self._importing:
            if not self._ready:
                with contextlib.suppress(OSError):  # it is gone: sending to it says so
                    self._control.recv(1)
                self._ready = True
        return time.perf_counter() - began

    def _send(self, request: Mapping[str, Any], descriptors: list[int]) -> None:
        body = json.dumps(request).encode()
        message = len(body).to_bytes(4, "big") + body
        with self._lock:
            if descriptors:
                socket.send_fds(self._control, [message], descriptors)
            else:
                self._control.sendall(message)


class Child:
    """A forked process that takes programs: its channel, its log, and the pipe that tells its end.

    Attributes:
        alive: Whether the process can still take a program.
        overdue: Whether it was ended because its time was over.
        killed: Whether it was ended by us.
        status: Exit status of the process, once it has ended; minus the signal's number if one ended it.
        error: Why there never was a process.
        over: The limit that it was ended for.
        where: The user's frames at the moment when its time was over, as plain data.
        trace: What the kernel tells of it.
        memory: What its attempts may have left in it.
        waited: Seconds that its first program waited until the server could fork at all.
    """

    def __init__(
        self, server: ForkServer, number: int, channel: Channel, log: int, end: int, *, once: bool
    ) -> None:
        self.server = server
        self.number = number
        self.channel = channel
        self.once = once
        self.alive = True
        self.overdue = False
        self.killed = False
        self.status: int | None = None
        self.error = ""
        self.over = ""
        self.where: list[dict[str, Any]] = []
        self.trace = Trace()
        self.memory = Memory()
        self.waited = 0.0
        self.seconds = 0.0
        self.cpu_seconds: float | None = None
        self._socket = channel.connection.fileno()
        self._log = log
        self._end = end
        os.set_blocking(log, False)
        self._poll = select.poll()
        for descriptor in (self._socket, log, end):
            self._poll.register(descriptor, select.POLLIN)

    def send(self, request: Mapping[str, Any]) -> None:
        """Hand over a program; a child that is already dead is noticed when waiting."""
        with contextlib.suppress(OSError):
            self.channel.send(request, self.trace.answer_until_writable)

    def wait(
        self, log: LogFile, timeout: float | None, counterpart: Counterpart | None = None
    ) -> dict[str, Any]:
        """Return the answer; it is empty when the process ended, or was ended, without one.

        Questions of its context that come before go to the counterpart.
        """
        started = time.monotonic()
        deadline = None if timeout is None else started + timeout
        reply: dict[str, Any] = {}
        while self.alive and (self.once or not reply):
            ready = self._ready(deadline)
            if self._log in ready:
                self._drain(log)
            if self.trace.listener in ready:
                self._look(ready[self.trace.listener])
            if self._socket in ready:
                reply = self._answer(counterpart) or reply
            if self._end in ready:
                self._take_end()
            elif deadline is not None and not reply and time.monotonic() >= deadline:
                deadline = None
                self._end_overdue(log)
        self._drain(log)
        self.seconds = time.monotonic() - started
        if not self.alive:
            self._release()
        return reply

    def is_idle(self) -> bool:
        """Say whether a warm worker still waits: its end is not told, and its channel is silent and open."""
        return not {self._socket, self._end} & {descriptor for descriptor, _ in self._poll.poll(0)}

    def kill(self) -> None:
        """End the process and everything it started."""
        self.killed = True
        self.server.kill(self.number)

    def close(self) -> None:
        """Let a warm worker go; it ends when its channel closes."""
        self.alive = False
        self._release()

    def _ready(self, deadline: float | None) -> dict[int, int]:
        left = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000 + 1
        return dict(self._poll.poll(left))

    def _look(self, events: int) -> None:
        """Let a call go on that the kernel tells of, or let go of the listener when there is nobody left."""
        if events & select.POLLIN:
            self.trace.answer()
        else:
            self._poll.unregister(self.trace.listener)
            self.trace.close()

    def _answer(self, counterpart: Counterpart | None) -> dict[str, Any] | None:
        reply = self.channel.take()
        if self.channel.given is not None:
            self.trace.attach(self.channel.given)
            self._poll.register(self.channel.given, select.POLLIN)
            self.channel.given = None
            return None
        if self.channel.closed:
            self._poll.unregister(self._socket)
        if reply is not None and "ask" in reply:
            self.send(counterpart.answer(reply) if counterpart else NOBODY)
            return None
        if reply is not None and reply.get("last"):
            self.once = True  # it ends now, and what it left behind with it
        return reply

    def _end_overdue(self, log: LogFile) -> None:
        """Ask where the program is, then end it."""
        self.overdue = True
        if not self.channel.closed:
            self._poll.unregister(self._socket)
            self.server.dump(self.number)
            self.where = frames_of_dump(self._dumped(log))
            self.channel.closed = True
        self.kill()

    def _dumped(self, log: LogFile) -> str:
        """Return what arrives on the channel, until its stack is complete."""
        text, end = b"", time.monotonic() + _DUMP_GRACE
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        while time.monotonic() < end:
            self._drain(log)  # so that the child is not kept by a full pipe
            if poll.poll(_PAUSE_MS):
                try:
                    piece = self.channel.connection.recv(_PIECE)
                except OSError:  # it died before it could say anything
                    break
                if not piece:
                    break
                text += piece
            elif text:
                break
        return text.decode("ascii", "replace")

    def _drain(self, log: LogFile) -> bool:
        """Take what was printed; False when there is nothing more now."""
        # At most as much as a pipe holds, so that endless output cannot keep us from the deadline.
        try:
            data = os.read(self._log, _PIECE)
        except OSError:
            return False
        if not data:
            with contextlib.suppress(KeyError):
                self._poll.unregister(self._log)
            return False
        log.write(data)
        return True

    def _take_end(self) -> None:
        notice = json.loads(os.read(self._end, _PIECE) or b'{"error": "the fork server ended"}')
        self.alive = False
        self.status = notice.get("status")
        self.cpu_seconds = notice.get("cpu_seconds")
        self.error = notice.get("error", "")
        self.over = notice.get("over", "")

    def _release(self) -> None:
        self.channel.close()
        self.trace.close()
        for descriptor in (self._log, self._end):
            with contextlib.suppress(OSError):
                os.close(descriptor)

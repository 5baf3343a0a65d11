"""Running programs: a list of words, a fixed environment, no rights that can be spared, and an end in any case.

Rule 1: a program has a session and a process group of its own, and whatever of that group is left when it ends, or when its
time is over, is ended with it: asked first, killed then. The group is signalled only while the program still holds its
number, so that nobody else's process is ever meant. What has left the group is found by its mark, and ended too, and so is
what an earlier life of this process has left behind.
Rule 2: the environment is made here; nothing of ours is handed down, our secrets least of all.
Rule 3: what it prints is read to the end and kept up to a bound, so that it neither hangs on a full pipe nor fills memory.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from threading import Thread
from typing import Any, Final

from watchbill.connectors import descendants
from watchbill.connectors.performing import Refused, Transient, Unable
from watchbill.connectors.threads import Threads

PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs are looked for, whatever the environment of this process says."""
MOST: Final = 24 * 1024
"""Bytes that are kept of each of the two streams that a program prints to."""

_GONE_WITHIN: Final = 2.0
"""Seconds after being killed within which a program is gone, or left to the system."""
_PIPES_FOR: Final = 0.5
"""Seconds that a pipe may stay open after its program has ended."""
_NO_LIMIT: Final = -1


class OutOfTime(Exception):
    """The program was begun, and ended from here because its time was over."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program may use at most: bytes of memory, bytes of a file, open files. A dump of its memory is never written."""

    memory: int = 4 * 1024**3
    file_size: int = 1024**3
    open_files: int = 1024


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: *code* is what it exited with, 128 and the signal's number where a signal ended it."""

    code: int
    stdout: str
    stderr: str
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """What is run: *argv*, further *variables* of its environment, its working *directory*, and what it reads."""

    argv: Sequence[str]
    variables: Mapping[str, str]
    directory: str = "/"
    stdin: bytes | None = None
    most: int = MOST


class Processes:
    """Runs programs, at most *most* at once. Where this process is root, they run as *user*.

    *polite_for* is how many seconds a program has between being asked to end and being killed. *owner* is whose they are: the same in each
    life of an engine, so that one finds what another has left behind.
    """

    __slots__ = ("_beginnings", "_count", "_ends", "_free", "_limits", "_most", "_owner", "_polite_for", "_user")

    def __init__(
        self, *, user: str = "nobody", limits: Limits | None = None, most: int = 32, polite_for: float = 2.0, owner: str = ""
    ) -> None:
        self._owner = owner or secrets.token_hex(8)
        self._count = count(1)
        self._polite_for = polite_for
        self._most = most
        self._user = user
        self._limits = limits or Limits()
        self._free = asyncio.Semaphore(most)
        self._beginnings = Threads("begin", most)
        self._ends = Threads("wait", 2 * most)

    def elsewhere(self) -> Processes:
        """The same for another loop: what waits for a place waits in one loop only."""
        return Processes(user=self._user, limits=self._limits, most=self._most, polite_for=self._polite_for)

    def end_left_behind(self) -> int:
        """End the programs that an earlier life of their owner has begun and not ended; how many. To be asked before any is begun."""
        return descendants.end(self._owner)

    async def run(self, command: Command, seconds: float) -> Ended:
        """How it ended, within *seconds* and a short while to end it.

        Raises Refused where it cannot be begun, Transient where it cannot be begun now, OutOfTime where it was begun and
        had to be ended.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        program = _found(command.argv)
        options = {**_account(self._user), "cwd": _directory(command.directory)}
        mark = f"{self._owner}/{os.getpid()}-{next(self._count)}"
        command = replace(command, variables={**command.variables, descendants.VARIABLE: mark})
        try:
            async with asyncio.timeout_at(deadline):
                await self._free.acquire()
        except TimeoutError:
            raise Transient(f"{command.argv[0]} was not begun: too many programs are running") from None
        try:
            return await self._watched(program, command, options, deadline)
        finally:
            self._free.release()

    async def _watched(self, program: str, command: Command, options: Mapping[str, Any], deadline: float) -> Ended:
        """How the program ended; begun, watched and, whatever happens, gone."""
        try:
            async with asyncio.timeout_at(deadline):
                process = await self._begun(program, command, options)
        except TimeoutError:
            raise Transient(f"{command.argv[0]} was not begun in time") from None
        mark = command.variables[descendants.VARIABLE]
        exited = asyncio.ensure_future(self._ends.run(_wait, process))
        streams, pen = (_Stream(command.most), _Stream(command.most)), _Pen()
        try:
            await _connect(process, streams, pen, command.stdin)
            try:
                async with asyncio.timeout_at(deadline):
                    await asyncio.shield(exited)
            except TimeoutError:
                await self._end(process, exited)
                raise OutOfTime from None
            await self._sweep(process, streams)
        finally:
            # Whatever happened, cancellation included: nothing of it stays behind.
            _signal(process, signal.SIGKILL)
            for pipe, end in zip((process.stdout, process.stderr, process.stdin), (*streams, pen), strict=True):
                end.close(pipe)
            await self._ends.run(descendants.end, mark)
            await _gone(process, exited)
        return _ended(process, streams)

    async def _begun(self, program: str, command: Command, options: Mapping[str, Any]) -> subprocess.Popen[bytes]:
        """The running program. Whoever gives up waiting for it does not leave it running."""
        beginning = asyncio.ensure_future(self._beginnings.run(_begin, program, command, options, self._limits))
        try:
            return await asyncio.shield(beginning)
        except asyncio.CancelledError:
            beginning.add_done_callback(_abandon)
            raise

    async def _end(self, process: subprocess.Popen[bytes], exited: asyncio.Future[None]) -> None:
        """Ask the group to end; kill it if it does not."""
        _signal(process, signal.SIGTERM)
        await asyncio.wait({exited}, timeout=self._polite_for)
        _signal(process, signal.SIGKILL)

    async def _sweep(self, process: subprocess.Popen[bytes], streams: Sequence[_Stream]) -> None:
        """The program has ended: what it left behind in its group is ended, and the pipes are read to their end, if they have one."""
        _signal(process, signal.SIGKILL)
        await asyncio.wait({stream.ended for stream in streams}, timeout=_PIPES_FOR)


class _End(asyncio.Protocol):
    """This process's end of a pipe."""

    def __init__(self) -> None:
        self.is_closed = False
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember how to close it."""
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """The pipe is at its end."""
        self.is_closed = True

    def close(self, pipe: Any) -> None:
        """Let go of the *pipe*, which may not have been connected yet."""
        if self._transport is None:
            if pipe is not None:
                pipe.close()
        elif not self.is_closed:
            self.let_go(self._transport)

    def let_go(self, transport: Any) -> None:
        """Close it without waiting for anything."""
        transport.close()


class _Stream(_End):
    """Reads a pipe to its end and keeps the beginning."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.kept = bytearray()
        self.is_cut = False
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._most = most

    def data_received(self, data: bytes) -> None:
        """Keep what there is room for."""
        room = self._most - len(self.kept)
        self.kept += data[:room]
        self.is_cut = self.is_cut or len(data) > room

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        super().connection_lost(exc)
        if not self.ended.done():
            self.ended.set_result(None)


class _Pen(_End):
    """Writes what a program reads. It need not read it, and nobody waits until it has."""

    def let_go(self, transport: Any) -> None:
        """Close it, and forget what was not read."""
        transport.abort()


async def _connect(process: subprocess.Popen[bytes], streams: Sequence[_Stream], pen: _Pen, text: bytes | None) -> None:
    loop = asyncio.get_running_loop()
    for pipe, stream in zip((process.stdout, process.stderr), streams, strict=True):
        await loop.connect_read_pipe(lambda stream=stream: stream, pipe)  # type: ignore[misc]
    if text is not None:
        writer, _ = await loop.connect_write_pipe(lambda: pen, process.stdin)
        writer.write(text)
        writer.write_eof()


def _begin(program: str, command: Command, options: Mapping[str, Any], limits: Limits) -> subprocess.Popen[bytes]:
    environment = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": "/", **command.variables}
    name = command.argv[0]
    try:
        process = subprocess.Popen(
            [name, *command.argv[1:]],
            executable=program,
            stdin=subprocess.DEVNULL if command.stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=environment,
            start_new_session=True,
            umask=0o077,
            **options,
        )
    except ValueError:
        raise Refused(f"{name} cannot be run with a zero byte among its arguments") from None
    except BlockingIOError:
        raise Transient(f"{name} was not begun: this machine can begin no further process now") from None
    except MemoryError:
        raise Transient(f"{name} was not begun: there is not enough memory") from None
    except OSError as problem:
        raise Unable(f"{name} cannot be run: {problem.strerror}") from None
    except subprocess.SubprocessError:
        raise Unable(f"{name} cannot be run: the account for programs cannot be taken on") from None
    _limit(process.pid, limits)
    return process


def _limit(pid: int, limits: Limits) -> None:
    """Bound what the process may use, where the system lets one process bound another.

    Linux does for a process of the same account; for one of another account root needs CAP_SYS_RESOURCE, which containers
    are seldom given. The better way is to run the engine as an ordinary account.
    """
    if sys.platform != "linux":
        return
    import resource

    wanted = (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_FSIZE, limits.file_size),
        (resource.RLIMIT_NOFILE, limits.open_files),
    )
    for what, most in wanted:
        with suppress(OSError, ValueError):
            _, hard = resource.prlimit(pid, what)
            lowest = most if hard == _NO_LIMIT else min(most, hard)
            resource.prlimit(pid, what, (lowest, lowest))


def _account(user: str) -> dict[str, Any]:
    """As whom a program is run: only root can choose."""
    if os.geteuid() != 0:
        return {}
    import pwd

    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise Unable(f"programs are to be run as `{user}`, and there is no such account on this machine") from None
    if account.pw_uid == 0:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": ()}


def _directory(directory: str) -> str:
    if not os.path.isdir(directory):
        raise Unable(f"the working directory `{directory}` is not there")
    return directory


def _found(argv: Sequence[str]) -> str:
    program = shutil.which(argv[0], path=PATH) if argv and "\0" not in argv[0] else None
    if program is None:
        raise Unable(f"there is no program `{argv[0] if argv else ''}` that can be run; it is looked for in {PATH}")
    return program


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Wait until the program has ended, and leave it unreaped where the system can: its number, and its group's, stay its own."""
    if hasattr(os, "waitid"):
        with suppress(ChildProcessError):
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    else:
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)


async def _gone(process: subprocess.Popen[bytes], exited: asyncio.Future[None]) -> None:
    """Wait until a program that was killed is gone, and let it go. One that the system cannot end now is left to it."""
    await asyncio.wait({exited}, timeout=_GONE_WITHIN)
    if exited.done():
        process.wait()
    else:
        exited.add_done_callback(lambda _: process.wait())


def _abandon(beginning: asyncio.Future[subprocess.Popen[bytes]]) -> None:
    """A program that was begun after all, when nobody waited for it any more."""
    if beginning.cancelled() or beginning.exception() is not None:
        return
    process = beginning.result()
    _signal(process, signal.SIGKILL)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    Thread(target=process.wait, name="watchbill-wait", daemon=True).start()


def _ended(process: subprocess.Popen[bytes], streams: Sequence[_Stream]) -> Ended:
    code = process.returncode if process.returncode is not None else -signal.SIGKILL
    stdout, stderr = (stream.kept.decode("utf-8", "replace") for stream in streams)
    return Ended(code if code >= 0 else 128 - code, stdout, stderr, any(stream.is_cut for stream in streams))

"""Programs on this machine: real ones."""

from __future__ import annotations

import asyncio
import os
import re
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.makers import KEY, Ways, a_request, carry_out, is_gone, running, ways
from watchbill.connectors.catalogue import catalogue
from watchbill.connectors.performers import performers
from watchbill.connectors.performing import Failed, NotDone, Refused, Transient, Unknown
from watchbill.connectors.processes import PATH, Limits, Processes

pytestmark = pytest.mark.anyio
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="this system does not show its processes")


async def ran(out: Ways, *argv: str, action: str = "run", **more: Any) -> Any:
    done = await carry_out(performers(out.outside), catalogue(), a_request("exec", action, {"argv": list(argv)}, **more))
    return done.result


async def failure(out: Ways, *argv: str, action: str = "run", **more: Any) -> NotDone:
    with pytest.raises(NotDone) as raised:
        await ran(out, *argv, action=action, **more)
    return raised.value


async def test_what_it_printed(out: Ways):
    """
    A program's output, complaints and end are the result.
    """
    assert await ran(out, "sh", "-c", "echo out; echo err >&2") == {"exit_code": 0, "stdout": "out\n", "stderr": "err\n"}


async def test_there_is_no_shell(out: Ways):
    """
    A word is a word, whatever a shell would make of it.
    """
    assert (await ran(out, "echo", "$HOME; echo two", "*", "a b"))["stdout"] == "$HOME; echo two * a b\n"


async def test_its_environment_is_made_for_it(out: Ways, monkeypatch: pytest.MonkeyPatch):
    """
    It finds a fixed environment and what it is for, and nothing of ours.
    """
    monkeypatch.setenv("SLACK_TOKEN", "xoxb-ours")
    monkeypatch.setenv("PATH", "/somewhere/else:" + os.environ["PATH"])
    printed = (await ran(out, "env", attempt=2, is_repeat=True, key=f"{KEY}#2"))["stdout"]
    found = dict(line.split("=", 1) for line in printed.splitlines())
    assert re.fullmatch(r"[0-9a-f]{16}/\d+-\d+", found.pop("WATCHBILL_RUN"))

    assert found == {
        "PATH": PATH,
        "LANG": "C.UTF-8",
        "HOME": "/",
        "WATCHBILL_STEP": KEY,
        "WATCHBILL_KEY": f"{KEY}#2",
        "WATCHBILL_ATTEMPT": "2",
        "WATCHBILL_INCIDENT": "checkout-7f3a",
        "WATCHBILL_POSSIBLY_REPEATED": "1",
    }


async def test_a_key_may_hold_anything(out: Ways):
    """
    A key with a zero byte, a line break or half a character reaches the program as far as an environment can hold it.
    """
    assert (await ran(out, "sh", "-c", 'printf %s "$WATCHBILL_KEY"', key="a\0b\nc\ud800"))["stdout"] == "ab\nc?"


async def test_its_directory_and_its_input(out: Ways, public: Path):
    """
    It runs where the connector says, reads nothing, and what it makes is its own.
    """
    settings = {"directory": str(public)}
    assert (await ran(out, "sh", "-c", "pwd; cat; touch made", settings=settings))["stdout"] == f"{public.resolve()}\n"
    assert stat.S_IMODE((public / "made").stat().st_mode) == 0o600
    assert isinstance(await failure(out, "true", settings={"directory": "/nowhere/at/all"}), Refused)


@needs_root
async def test_root_gives_its_rights_away(out: Ways):
    """
    An engine that runs as root runs programs as somebody else, with no group but theirs.
    """
    assert (await ran(out, "sh", "-c", "id -un; id -G"))["stdout"].split()[0] == "nobody"
    assert len((await ran(out, "id", "-G"))["stdout"].split()) == 1
    assert "no such account" in (await failure(ways(processes=Processes(user="no-such-user")), "true")).error


@needs_proc
async def test_what_it_may_use_is_bounded():
    """
    Its memory, its files and the dump of its memory have bounds.
    """
    out = ways(processes=Processes(user="root", limits=Limits(memory=512 * 1024**2, file_size=4096, open_files=32)))
    # The limits are set right after it has begun.
    printed = (await ran(out, "sh", "-c", "sleep 0.2; ulimit -c; ulimit -n; ulimit -v"))["stdout"].split()

    assert printed == ["0", "32", "524288"]
    assert isinstance(await failure(out, "sh", "-c", "sleep 0.2; exec head -c 100000 /dev/zero > /tmp/watchbill-too-large.$$"), Refused)


@pytest.mark.parametrize(
    ("ends", "meaning", "says"),
    [
        ("exit 1", Failed, "sh ended with 1"),
        ("echo first >&2; echo last words >&2; exit 3", Failed, "sh ended with 3: last words"),
        ("echo busy >&2; exit 75", Transient, "sh ended with 75: busy"),
        ("kill -9 $$", Failed, "sh was ended by signal 9"),
    ],
)
async def test_what_its_end_means(out: Ways, ends: str, meaning: type[NotDone], says: str):
    """
    0 is well, 75 means to try again later, and any other end has failed.
    """
    problem = await failure(out, "sh", "-c", ends)

    assert (type(problem), problem.error) == (meaning, says)


@pytest.mark.parametrize(("ends", "code"), [("exit 1", 1), ("exit 75", 75), ("kill -9 $$", 137)])
async def test_what_only_looks_gives_its_end(out: Ways, ends: str, code: int):
    """
    Of a program that only looks, any end is an answer.
    """
    assert (await ran(out, "sh", "-c", ends, action="read"))["exit_code"] == code


@pytest.mark.parametrize(("action", "meaning"), [("run", Unknown), ("read", Transient)])
async def test_out_of_time(out: Ways, action: str, meaning: type[NotDone]):
    """
    One that was ended from here may have done its work, unless it only looks.
    """
    problem = await failure(out, "sleep", "60", action=action, timeout=timedelta(seconds=0.2))

    assert (type(problem), problem.error) == (meaning, "sleep did not end within 0.2s and was ended")


async def test_it_is_asked_before_it_is_killed(out: Ways, public: Path):
    """
    A program whose time is over gets a moment to clean up.
    """
    cleans = 'trap "echo clean > $1; exit" TERM; sleep 60 & wait'
    await failure(out, "sh", "-c", cleans, "sh", str(public / "seen"), timeout=timedelta(seconds=0.3))

    assert (public / "seen").read_text() == "clean\n"


async def test_children_that_keep_the_pipes_open_hold_nobody_up(out: Ways):
    """
    A program is over when it has ended: what it left behind is ended and not waited for, in its group and outside.
    """
    loop = asyncio.get_running_loop()
    began_at = loop.time()
    left = await ran(out, "sh", "-c", "sleep 600 & echo done")
    away = await ran(out, "sh", "-c", "setsid sleep 3 & sleep 0.1; echo done")

    assert (left["stdout"], away["stdout"]) == ("done\n", "done\n")
    assert loop.time() - began_at < 2.5


@needs_proc
@pytest.mark.parametrize("how", ["setsid sleep 600 & sleep 0.1", "(setsid sh -c 'setsid sleep 600 & sleep 600' &) ; sleep 0.1"])
async def test_what_left_its_group_is_ended_too(out: Ways, how: str):
    """
    A child that has begun a session of its own ends with the program that began it.
    """
    key = f"runaway/{len(how)}"
    await ran(out, "sh", "-c", how, key=key)

    assert await is_gone(key)


LIFE = """
import asyncio, sys
from watchbill.connectors.processes import Command, Processes
command = Command(["sh", "-c", "trap '' TERM; sleep 600 & setsid sleep 600"], {"WATCHBILL_KEY": sys.argv[1]})
asyncio.run(Processes(owner=sys.argv[2]).run(command, 600))
"""


@needs_proc
async def test_what_outlived_its_engine_is_ended_by_the_next_life():
    """
    A program whose engine was killed is found by the next life of that engine, and ended before anything else is begun; no other's is.
    """
    key, owner = "outlives/1", f"a-record-{os.getpid()}"  # other runs of the tests on this machine are somebody else's
    with subprocess.Popen([sys.executable, "-c", LIFE, key, owner]) as life:
        while len(running(key)) < 3:
            assert life.poll() is None
            await asyncio.sleep(0.01)
        life.kill()
    assert Processes(owner=f"{owner}0").end_left_behind() == 0
    assert len(running(key)) == 3
    assert Processes(owner=owner).end_left_behind() == 3

    assert await is_gone(key)


@needs_proc
async def test_nothing_is_left_of_its_group(out: Ways):
    """
    When its time is over its children end with it, those too that will not hear of it.
    """
    key = "stubborn/1"
    await failure(out, "sh", "-c", 'trap "" TERM; (sleep 600; sleep 600) & sleep 600', key=key, timeout=timedelta(seconds=0.3))

    assert await is_gone(key)


async def test_much_output_is_cut(out: Ways):
    """
    A program that prints for ever is read on, and the beginning is kept.
    """
    result = await ran(out, "sh", "-c", "head -c 5000000 /dev/zero | tr '\\0' x; echo err >&2")

    assert len(result["stdout"]) == 24 * 1024
    assert result["stderr"] == "err\n"


async def test_output_that_is_no_text(out: Ways):
    """
    Bytes that are no text are shown as such, and break nothing.
    """
    assert (await ran(out, "printf", "\\377\\376ok"))["stdout"] == "��ok"


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("no-such-program-anywhere",), "there is no program"),
        (("",), "there is no program"),
        (("/dev/null",), "there is no program"),
        (("echo", "a\0b"), "zero byte"),
        (("echo", *["x" * 100_000] * 60), "cannot be run"),
    ],
    ids=["unknown", "empty", "not a program", "zero byte", "too long"],
)
async def test_what_cannot_be_run(out: Ways, argv: tuple[str, ...], says: str):
    """
    What cannot be begun was not begun, and a person must act.
    """
    problem = await failure(out, *argv)

    assert isinstance(problem, Refused)
    assert says in problem.error


async def test_too_many_at_once_wait(public: Path):
    """
    Beyond the bound a program waits for another to end, and is not begun where its time is over first.
    """
    out = ways(processes=Processes(most=1, polite_for=0.2))
    first = asyncio.ensure_future(ran(out, "sh", "-c", "touch $1/begun; sleep 5", "sh", str(public)))
    while not (public / "begun").exists():
        await asyncio.sleep(0.01)
    problem = await failure(out, "true", timeout=timedelta(seconds=0.2))
    first.cancel()
    await asyncio.wait({first})

    assert (type(problem), problem.error) == (Transient, "true was not begun: too many programs are running")
    assert (await ran(out, "echo", "free again"))["stdout"] == "free again\n"

"""`watchbill run`: an alert from a file, for real, in the foreground."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from tests.cli.makers import watchbill
from tests.server.places import WITHIN, a_shop, an_alert, environment, process

ON_ITS_OWN_TERMINAL = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.executable, [sys.executable, '-m', 'watchbill', *sys.argv[1:]])"
)
"""Makes standard input the terminal of a session of its own, as a shell does, and becomes `watchbill`."""


@pytest.fixture
def folder(tmp_path):
    """A shop's policies, with a file that holds an alert."""
    (a_shop(tmp_path) / "alert.json").write_text(json.dumps([an_alert()]), encoding="utf-8")
    return tmp_path


@contextmanager
def running(folder, *arguments, **variables):
    """`watchbill run` as a process, its standard input no terminal."""
    popen = subprocess.Popen(
        [sys.executable, "-m", "watchbill", "run", "alert.json", *arguments],
        cwd=folder,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # Whoever reads along waits for lines; when it has taken too long there will be no more.
    late = threading.Timer(WITHIN, popen.kill)
    late.start()
    try:
        yield popen
    finally:
        late.cancel()
        popen.kill()
        popen.communicate()


def until(stream, word):
    """Everything up to the line with this *word*."""
    lines = []
    for line in stream:
        lines.append(line)
        if word in line:
            return "".join(lines)
    raise AssertionError(f"{word!r} never came: {lines}")


class Terminal:
    """What a person at a terminal sees, and types."""

    def __init__(self, master):
        self._master, self.seen = master, ""

    def until(self, word):
        """Read until this *word* stands on the screen, behind what was looked for before."""
        while word not in self.seen:
            assert select.select([self._master], [], [], WITHIN)[0], f"{word!r} never came: {self.seen}"
            self.seen += os.read(self._master, 4096).decode("utf-8", "replace")
        before, _, self.seen = self.seen.partition(word)
        return before

    def type(self, keys):
        """Press these *keys*."""
        os.write(self._master, keys.encode())


@contextmanager
def at_a_terminal(folder, *arguments):
    """`watchbill run` at a terminal of its own, which gets both of its streams."""
    master, slave = os.openpty()
    popen = subprocess.Popen(
        [sys.executable, "-c", ON_ITS_OWN_TERMINAL, "run", "alert.json", "--as", "ana", "--color", "never", *arguments],
        cwd=folder,
        env=environment(),
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    try:
        yield popen, Terminal(master)
    finally:
        popen.kill()
        popen.wait(WITHIN)
        os.close(master)


# --- alone --------------------------------------------------------------------------------


def test_what_follows_is_told_until_somebody_breaks_off(folder):
    """
    What happens is told as it happens; Ctrl-C ends it in good order with 130, and says how what is left goes on.
    """
    with running(folder) as popen:
        told = until(popen.stdout, "fails")
        popen.send_signal(signal.SIGINT)

        assert popen.wait(WITHIN) == 130
        said = popen.stderr.read()
    incident = told.split()[0]
    assert "page      ana (primary)" in told
    assert f"{incident} stays triggered; it goes on with the next `watchbill serve` or `watchbill run` on this record: " in said


def test_what_was_left_goes_on(folder):
    """
    A second run of the same alert takes the incident up that the first left open, and tells only what is new.
    """
    with running(folder) as popen:
        incident = until(popen.stdout, "fails").split()[0]
        popen.send_signal(signal.SIGTERM)
        assert popen.wait(WITHIN) == 128 + signal.SIGTERM
    with running(folder) as popen:
        again = until(popen.stderr, "is open already")
        popen.send_signal(signal.SIGINT)
        popen.wait(WITHIN)
        told = popen.stdout.read()

    assert f"{incident} is open already, since " in again
    assert "opens" not in told


def test_a_decision_a_line_for_programs(folder):
    """
    As JSON each decision is a line, as the server's stream has it; a reader that goes away ends it.
    """
    with running(folder, "--format", "json", "--database", str(folder / "other.db")) as popen:
        first = json.loads(popen.stdout.readline())
        popen.send_signal(signal.SIGINT)
        popen.wait(WITHIN)

    assert first["number"] == 1
    assert first["happenings"][0]["what"] == "alert"
    assert (folder / "other.db").exists()


def test_a_server_that_has_the_record_keeps_it(folder):
    """
    Where a server has the record, `run` refuses and says who has it; nothing is handed in.
    """
    with process(folder) as server:
        done = watchbill("run", "alert.json", cwd=folder)
        incidents = watchbill("incidents", cwd=folder, WATCHBILL_SERVER=server.url)

    assert (done.returncode, done.stdout) == (3, "")
    assert "watchbill serve, process" in done.stderr
    assert incidents.stdout.startswith("no open incidents")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nothing.json"], 3, "cannot be read"),
        (["watchbill.yaml"], 2, "watchbill.yaml:1"),
        (["alert.json", "--source", "nobody"], 2, "no source is called `nobody`"),
        (["alert.json", "--as", "No One"], 2, "is no person's name"),
        (["alert.json", "--database", "postgresql://h/d"], 2, "[record-url]"),
        (["alert.json", "--policies", "/"], 2, "[no-settings]"),
        ([], 2, "Missing argument"),
    ],
)
def test_what_cannot_be_run(folder, arguments, code, said):
    """
    A file that is none, a source that is none and a record that cannot be are said, and nothing is begun.
    """
    done = watchbill("run", *arguments, cwd=folder)

    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_alerts_that_are_over_are_nothing_to_wait_for(folder):
    """
    A file in which nothing fires is said to be one, and it ends at once.
    """
    (folder / "over.json").write_text(json.dumps([{**an_alert(), "endsAt": "2026-01-01T00:00:00Z"}]), encoding="utf-8")
    done = watchbill("run", "over.json", cwd=folder)

    assert (done.returncode, "no alert of over.json fires" in done.stderr) == (0, True)


def test_what_a_log_is_told_stands_between_the_lines(folder):
    """
    What a connector of the type `log` writes is shown: in the foreground this is the log that people look at.
    """
    (folder / "policies" / "said.yaml").write_text(
        """
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: said, team: payments}
spec:
  match: ['service="checkout"', 'severity="critical"']
  levels:
    - page: role/primary
      notify: [{use: journal.write, with: {subject: "look at {{ service.name }}", text: "now"}}]
""",
        encoding="utf-8",
    )
    with running(folder) as popen:
        told = until(popen.stdout, "journal says")

    assert "journal says: look at checkout (now)" in told


# --- at a terminal ------------------------------------------------------------------------


def test_keys_answer_at_a_terminal(folder):
    """
    At a terminal a acknowledges, s starts what is offered and r resolves, which ends it with 0; the terminal is left as it was.
    """
    with at_a_terminal(folder) as (popen, terminal):
        terminal.until("q leave")
        terminal.until("fails")
        terminal.type("a")
        terminal.until("acknowledged by ana")
        terminal.type("s")
        terminal.until("ana starts write-it-down")
        terminal.type("xr")
        terminal.until("resolved by ana")
        terminal.until("resolved\r\n")

        assert popen.wait(WITHIN) == 0


def test_a_key_leaves_it(folder):
    """
    Q leaves it open, says so, and ends with 0.
    """
    with at_a_terminal(folder) as (popen, terminal):
        terminal.until("q leave")
        terminal.type("q")
        terminal.until("stays triggered")

        assert popen.wait(WITHIN) == 0


def test_ctrl_c_at_a_terminal(folder):
    """
    Ctrl-C is what it is everywhere: it ends with 130.
    """
    with at_a_terminal(folder) as (popen, terminal):
        terminal.until("q leave")
        terminal.type("\x03")
        terminal.until("stays triggered")

        assert popen.wait(WITHIN) == 130

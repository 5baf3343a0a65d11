"""The README, from the top, on a machine that has nothing but what the README asks for.

A fresh clone in an empty folder, one shell, and on its path Python, git, make, curl and what every POSIX system has. What stands in
```console blocks is typed as it stands, then what stands in ```sh blocks, in the repository that the README has the reader make.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.test_readme import README, ROOT, commands

BROUGHT: Final = ("git", "make", "curl")
"""What the README asks for, besides Python; `curl` is what it shows posts with."""

POSIX: Final = (
    *("awk", "basename", "cat", "chmod", "cp", "cut", "date", "dirname", "env", "expr", "false", "find", "grep", "head", "id", "install"),
    *("ln", "ls", "mkdir", "mktemp", "mv", "printf", "pwd", "rm", "rmdir", "sed", "seq", "sh", "sleep", "sort", "tail", "tee", "test"),
    *("touch", "tr", "true", "uname", "uniq", "wc"),
)
"""What is there before anything is installed."""

EXCEPTED: Final = {"sudo ": "it sets up a service of the whole machine: users, folders of the system, systemd"}
"""Blocks that are not run, by what stands in them, and why."""

PORT: Final = "9494"
"""Where the README's server listens; the test has it listen on a port that is free."""

BEHIND: Final = "watchbill serve"
"""What runs in a terminal of its own, while the rest is typed in another."""

WATCHES: Final = "watchbill incidents watch"
"""What shows what happens until somebody has seen enough."""


@dataclass(frozen=True, slots=True)
class Typed:
    """One command, and the status that it has to end with."""

    text: str
    status: int = 0


def blocks() -> list[str]:
    """The README's ```sh blocks."""
    return re.findall(r"^```sh\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def in_shells() -> Iterator[Typed]:
    """Each command of the ```sh blocks that can be run anywhere."""
    for block in blocks():
        if not any(word in block for word in EXCEPTED):
            yield from (Typed(line) for line in block.splitlines() if line.strip())


def free_port() -> str:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return str(asked.getsockname()[1])


def script(statuses: Path, port: str) -> str:
    """All that is typed, as a script that goes on whatever happens and writes down how each command ended."""
    typed = [Typed(command, status) for command, status in commands()]
    lines = [
        *(_noted(each.text.rstrip(), statuses) for each in typed),
        "cd ../my-watch  # in your policy repository",
        *(_noted(_shelled(each.text), statuses) for each in in_shells()),
        'kill "$server" && wait "$server"',
        f'printf "%s\\n" "$?" >> "{statuses}"',
    ]
    return "\n".join(lines).replace(f"127.0.0.1:{PORT}", f"127.0.0.1:{port}") + "\n"


def _noted(command: str, statuses: Path) -> str:
    return f'{command}\nprintf "%s\\n" "$?" >> "{statuses}"'


def _shelled(line: str) -> str:
    """A command of a ```sh block; what does not end by itself is waited for until it has said something."""
    command = line.partition("  #")[0].rstrip()
    if command.startswith(BEHIND):
        # Whoever starts it again ends the one that runs.
        ended = 'if test -n "${server:-}"; then kill "$server" && wait "$server"; rm ../serve.out; fi'
        return f"{ended}\n{command} > ../serve.out 2> ../serve.err &\nserver=$!\n{_until('listening on', '../serve.out')}"
    if command.startswith(WATCHES):
        return f'{command} > ../watch.out 2>&1 &\nwatcher=$!\n{_until(".", "../watch.out")} && kill "$watcher"'
    return command


def _until(word: str, file: str) -> str:
    return f'(for _ in $(seq 150); do grep -q "{word}" {file} && exit 0; sleep 0.2; done; exit 9)'


def machine(folder: Path, port: str) -> dict[str, str]:
    """The environment of a machine with nothing installed; where packages come from is the caller's, as it is for everybody."""
    tools = folder / "bin"
    tools.mkdir()
    for name in (*BROUGHT, *POSIX):
        found = shutil.which(name)
        assert found is not None, f"there is no {name} here: install it"
        (tools / name).symlink_to(os.path.realpath(found) if name not in POSIX else found)
    (tools / "python3").symlink_to(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")
    home = folder / "home"
    home.mkdir()
    environment = {
        name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_")) or name.lower().endswith("_proxy")
    }
    own = Path.home() / ".config" / "pip" / "pip.conf"
    if own.is_file() and "PIP_CONFIG_FILE" not in environment:
        environment["PIP_CONFIG_FILE"] = str(own)
    where = {"WATCHBILL_SERVE_PORT": port, "WATCHBILL_SERVER": f"http://127.0.0.1:{port}"}
    return {**environment, **where, "PATH": str(tools), "HOME": str(home), "PIP_NO_CACHE_DIR": "1"}


def clone(folder: Path) -> Path:
    """A fresh clone of what is tracked, or about to be."""
    origin, fresh = folder / "origin", folder / "empty" / "watchbill"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (origin / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, origin / name)
    somebody = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
    for arguments in (("init", "-q"), ("add", "-A"), (*somebody, "commit", "-q", "-m", "All of it")):
        subprocess.run(["git", *arguments], cwd=origin, check=True)
    fresh.parent.mkdir()
    subprocess.run(["git", "clone", "-q", str(origin), str(fresh)], check=True)
    return fresh


def test_what_is_not_run_is_named():
    """
    Every ```sh block of the README is run by the test below, but those that set up the machine itself; each of these is there.
    """
    left_out = [block for block in blocks() if any(word in block for word in EXCEPTED)]

    assert all(any(word in block for block in left_out) for word in EXCEPTED)
    assert len(left_out) == 1
    assert sum(each.text.startswith(BEHIND) for each in in_shells()) == 2


@pytest.mark.long
def test_the_readme_works_on_a_machine_with_nothing_installed(tmp_path: Path):
    """
    From `make demo` to the last command of «Run it», everything that the README has its reader type works when it is pasted, and ends as
    the README says. It needs the network, since the environment is made from nothing.
    """
    fresh, port, statuses = clone(tmp_path), free_port(), tmp_path / "statuses"
    done = subprocess.run(
        ["sh", "-c", script(statuses, port)],
        cwd=fresh,
        env=machine(tmp_path, port),
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    typed = [*(Typed(command, status) for command, status in commands()), *in_shells(), Typed("the server's end")]
    ended = [int(line) for line in statuses.read_text().split()]
    said = f"{done.stdout[-8000:]}\n{done.stderr[-8000:]}"

    assert len(ended) == len(typed), said
    assert [(each.text, status) for each, status in zip(typed, ended, strict=True) if status != each.status] == [], said
    assert "Traceback" not in done.stdout + done.stderr, said
    assert (fresh.parent / "watch.out").read_text().strip() != ""

"""What holds for every command line: exit codes, where things are printed, colours, completion."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from tests.cli.makers import AT, MISTAKE, ROOT, a_repository, an_alert_file, watchbill
from watchbill import __version__
from watchbill.cli import app, main
from watchbill.cli.answer import Answer
from watchbill.cli.output import wants_colour, write
from watchbill.errors import OutsideError, Place, UserError


class Stream:
    """Something to print to, of which we say what it is."""

    def __init__(self, terminal: bool = True, encoding: str = "utf-8") -> None:
        self.terminal = terminal
        self.encoding = encoding
        self.text = ""

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> None:
        text.encode(self.encoding)
        self.text += text

    def flush(self) -> None:
        pass


@pytest.fixture
def broken(monkeypatch):
    """A verb `broken` that does what the test says."""

    def breaks_with(error: BaseException | None) -> None:
        @click.command("broken")
        def command() -> Answer:
            if error is not None:
                raise error
            return Answer("")

        module = type(sys)("watchbill_broken")
        module.command = command  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "watchbill_broken", module)
        monkeypatch.setitem(app.VERBS, "broken", "watchbill_broken")

    return breaks_with


# --- whole processes --------------------------------------------------------------------


def test_the_version(tmp_path):
    """
    `--version` says the version and nothing else.
    """
    done = watchbill("--version", cwd=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, f"watchbill {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["validate"], 0),
        (["validate", "broken"], 1),
        (["plan", "alert.json", "--at", AT], 0),
        (["plan", "alert.json", "--at", "yesterday"], 2),
        (["plan", "nothing.json"], 3),
        (["plan", "watchbill.yaml"], 2),
        (["oncall", "nobody-knows-this"], 2),
        (["validate", "/"], 2),
        (["nonsense"], 2),
        (["plan", "--nonsense"], 2),
        (["schemas", "--check", "--output", "policies"], 1),
    ],
)
def test_exit_codes_are_a_promise(tmp_path, arguments, code):
    """
    0 well, 1 findings, 2 wrong use or nothing loaded, 3 outside: never a traceback, and nothing printed on an error.
    """
    a_repository(tmp_path)
    a_repository(tmp_path / "broken", wrong=MISTAKE)
    an_alert_file(tmp_path / "alert.json")
    done = watchbill(*arguments, cwd=tmp_path)

    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert bool(done.stdout) == (code in (0, 1))
    assert bool(done.stderr) == (code in (2, 3))


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    """
    `watchbill plan … | head -1` ends quietly, however much there was left to say.
    """
    a_repository(tmp_path)
    (tmp_path / "alerts.json").write_text(
        "[" + ",".join(f'{{"labels": {{"alertname": "A", "service": "s{number}"}}}}' for number in range(300)) + "]"
    )
    command = f"'{sys.executable}' -m watchbill plan alerts.json --policies {tmp_path} | head -1"
    variables = {"PYTHONPATH": str(ROOT / "engine"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=variables, capture_output=True, check=False)

    assert done.stderr == b""
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script(tmp_path, shell):
    """
    Each shell gets a script that asks watchbill what could come next.
    """
    done = watchbill("completion", shell, cwd=tmp_path)

    assert done.returncode == 0
    assert "_WATCHBILL_COMPLETE" in done.stdout


@pytest.mark.parametrize(
    ("words", "offered"),
    [("watchbill val", "plain,validate"), ("watchbill plan --form", "plain,--format"), ("watchbill plan --format m", "plain,markdown")],
)
def test_completion_knows_verbs_and_options(tmp_path, words, offered):
    """
    Verbs, options and the choices of an option are completed.
    """
    number = str(len(words.split()) - 1)
    done = watchbill(cwd=tmp_path, _WATCHBILL_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=number)

    assert done.stdout.split() == [offered]


def test_a_terminal_without_our_signs(tmp_path):
    """
    Where the encoding has no dots and dashes of ours, simpler ones stand for them.
    """
    a_repository(tmp_path)
    an_alert_file(tmp_path / "alert.json")
    done = watchbill("plan", "alert.json", "--at", AT, cwd=tmp_path, PYTHONIOENCODING="ascii")

    assert done.returncode == 0, done.stderr
    assert "critical - tier 1 - payments" in done.stdout


# --- errors -----------------------------------------------------------------------------


def test_an_error_of_the_users(run, broken):
    """
    What the user got wrong is one line with its place and rule, and the next thing to do; the code is 2.
    """
    broken(UserError("no such thing", "name another", rule="unknown-name", place=Place("a.yaml", 3)))
    done = run("broken")

    assert (done.code, done.out, done.err) == (2, "", "a.yaml:3: no such thing [unknown-name]\n  help: name another\n")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OutsideError("git does not answer", "try again", rule="git"), "git does not answer [git]\n"),
        (PermissionError(13, "Permission denied", "a.yaml"), "a.yaml: Permission denied [outside-failed]\n"),
    ],
)
def test_an_error_outside(run, broken, error, said):
    """
    What failed outside of watchbill is said the same way; the code is 3.
    """
    broken(error)
    done = run("broken")

    assert (done.code, done.out) == (3, "")
    assert done.err.startswith(said)


def test_a_bug_is_said_in_one_line(run, broken):
    """
    What nobody foresaw is called a bug, without a traceback; `--debug` shows one.
    """
    broken(KeyError("\x1b[2Jx"))

    assert run("broken").code == 3
    assert run("broken").err == "this is a bug of watchbill: KeyError: '\\x1b[2Jx' [bug]\n  help: report it, with what `--debug` prints\n"
    assert "Traceback" in run("--debug", "broken").err


def test_breaking_off_is_quiet(run, broken):
    """
    Ctrl-C ends with 130, as shells expect, and without a word of Python's.
    """
    broken(KeyboardInterrupt())
    done = run("broken")

    assert (done.code, done.err.strip()) == (130, "")


def test_a_misspelt_verb_is_answered_with_the_nearest(run):
    """
    A verb that is nearly one is answered with that one.
    """
    done = run("paln")

    assert done.code == 2
    assert "There is no verb 'paln'. Did you mean 'plan'?" in done.err


# --- options that all have --------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "terminal", "variables", "colour"),
    [
        ("auto", True, {}, True),
        ("auto", False, {}, False),
        ("auto", True, {"NO_COLOR": "1"}, False),
        ("auto", True, {"NO_COLOR": ""}, True),
        ("auto", True, {"TERM": "dumb"}, False),
        ("always", False, {"NO_COLOR": "1"}, True),
        ("never", True, {}, False),
    ],
)
def test_colour_only_where_it_is_wanted(monkeypatch, choice, terminal, variables, colour):
    """
    Colours are for terminals, unless NO_COLOR is set or somebody says otherwise.
    """
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert wants_colour(choice, Stream(terminal)) is colour  # type: ignore[arg-type]


@pytest.mark.parametrize("arguments", [["--color", "always", "validate"], ["validate", "--color", "always"]])
def test_colour_may_be_asked_for_before_and_after_the_verb(run, arguments):
    """
    What holds for every verb may stand on either side of it.
    """
    assert "\x1b[32mno findings" in run(*arguments).out


def test_every_option_is_a_variable(run, monkeypatch):
    """
    An option may be given as a variable: of its verb, or where many verbs have it, of watchbill's; the verb's own counts first.
    """
    monkeypatch.setenv("WATCHBILL_FORMAT", "json")
    assert run("validate").out.startswith("{")

    monkeypatch.setenv("WATCHBILL_VALIDATE_FORMAT", "text")
    assert not run("validate").out.startswith("{")

    monkeypatch.setenv("WATCHBILL_ONCALL_AT", AT)
    assert '"at": "2026-11-23T03:12:00Z"' in run("oncall").out


def test_signs_that_cannot_be_written_are_replaced():
    """
    Writing never fails for a sign that the encoding does not have.
    """
    stream = Stream(encoding="ascii")
    write(stream, "a · b → «Zoë»")  # type: ignore[arg-type]

    assert stream.text == 'a - b -> "Zo\\xeb"'


def test_without_arguments_there_is_help(run):
    """
    `watchbill` alone shows what there is, as wrong use.
    """
    done = run()

    assert done.code == 2
    assert "validate" in done.err
    assert main(["--help"]) == 0

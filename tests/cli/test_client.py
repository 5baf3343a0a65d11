"""Speaking with a server: what is sent, what never is, and what is said where it goes wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import pytest

from tests.cli.makers import ROOT
from tests.cli.sides import answering, says
from tests.server.places import a_shop, a_token, an_alert, free_port, served


def refusal(rule, message="no", help="do otherwise", **more):
    """A refusal as the server writes it."""
    return {"error": {"rule": rule, "message": message, "help": help}, **more}


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch):
    for name in ("WATCHBILL_TOKEN", "WATCHBILL_TOKEN_FILE", "WATCHBILL_SERVER", "WATCHBILL_AS"):
        monkeypatch.delenv(name, raising=False)


# --- what goes wrong ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (says(400, refusal("bad-request", "`limit` is `x`")), 2, "`limit` is `x` [bad-request]\n  help: do otherwise\n"),
        (says(401, refusal("bad-credentials", help="send `Authorization: Bearer …`")), 2, "help: set WATCHBILL_TOKEN"),
        (says(403, refusal("missing-scope")), 2, "[missing-scope]"),
        (says(404, refusal("unknown-incident")), 2, "[unknown-incident]"),
        (says(409, refusal("ambiguous-name")), 2, "[ambiguous-name]"),
        (says(429, refusal("too-busy")), 3, "[too-busy]"),
        (says(500, refusal("bug", "this is a bug of watchbill")), 3, "this is a bug of watchbill [bug]"),
        (says(503, refusal("record-full", "the disk is full")), 3, "the disk is full [record-full]"),
        (says(502, "<html>Bad Gateway</html>"), 3, "with status 502, is not as watchbill"),
        (says(404, "not here"), 3, "[not-watchbill]"),
        (says(302, "", Location="http://127.0.0.1:9/"), 3, "[not-watchbill]"),
        (says(200, "<html>welcome</html>"), 3, "[not-watchbill]"),
        (says(200, []), 3, "[not-watchbill]"),
        (says(200, {"incidents": [{"id": 7}]}), 3, "[not-watchbill]"),
        (says(200, {"incidents": None}), 3, "[not-watchbill]"),
        (says(200, "[" * 100_000), 3, "[not-watchbill]"),
    ],
)
def test_a_refusal_says_whose_fault_it_is(run, answer, code, said):
    """
    What was asked wrongly ends with 2, what failed outside with 3; the server's words are kept, and nothing stands on standard output.
    """
    with answering(answer) as side:
        done = run("incidents", "--server", side.url)

    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_nobody_listens(run):
    """
    Where nothing listens, the address is named, and how to name another.
    """
    url = f"http://127.0.0.1:{free_port()}"
    done = run("ack", "checkout-abc", "--server", url, "--as", "ana")

    assert (done.code, done.out) == (3, "")
    assert done.err.startswith(f"no server can be reached at {url}: nothing listens there [server-unreachable]\n")
    assert "--server" in done.err


def test_a_server_that_does_not_answer(run):
    """
    A server that is silent is not waited for longer than asked; of what may have been done all the same, that is said.
    """
    over = threading.Event()
    with answering(lambda handler, number: over.wait(20)) as side:  # type: ignore[arg-type, return-value]
        read = run("incidents", "--server", side.url, "--timeout", "50ms")
        told = run("ack", "x", "--server", side.url, "--timeout", "50ms", "--as", "ana")
        over.set()

    assert (read.code, told.code) == (3, 3)
    assert "did not answer: it took too long [server-unreachable]" in read.err
    assert "look whether it was done all the same" in told.err


def test_a_connection_that_breaks_off(run):
    """
    An answer that ends too early is no answer.
    """
    with answering(lambda handler, number: handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{")) as side:
        done = run("incidents", "--server", side.url)

    assert (done.code, done.out) == (3, "")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host",
        "http://",
        "http://[::1",
        "http://host:99999",
        "http://ho st",
        "http://ana:secret@host",
        "http://h/?q=1",
        "http://h\r\nX:1",
    ],
)
def test_what_is_no_address(run, url):
    """
    What cannot be the address of a server is wrong use, and a password in it is not repeated.
    """
    done = run("incidents", "--server", url)

    assert (done.code, done.out) == (2, "")
    assert "[bad-address]" in done.err
    assert "secret" not in done.err


def test_an_address_may_have_a_path(run):
    """
    A server behind a proxy may stand below a path.
    """
    with answering(says(200, {"incidents": [], "next": None})) as side:
        assert run("incidents", "--server", f"{side.url}/watch/").code == 0

    assert side.asked[0].line.startswith("GET /watch/v1/incidents?")


# --- tokens -------------------------------------------------------------------------------


def test_a_token_comes_from_a_variable_or_a_file(run, shop, monkeypatch):
    """
    WATCHBILL_TOKEN is sent as a bearer; a file counts before it; there is no option that would show it to everybody.
    """
    (shop / "token").write_text("from-the-file\n")
    monkeypatch.setenv("WATCHBILL_TOKEN", "from-the-variable")
    with answering(says(200, {"incidents": []})) as side:
        run("incidents", "--server", side.url)
        run("incidents", "--server", side.url, "--token-file", "token")
        monkeypatch.delenv("WATCHBILL_TOKEN")
        run("incidents", "--server", side.url)

    assert [each.headers.get("authorization") for each in side.asked] == ["Bearer from-the-variable", "Bearer from-the-file", None]
    assert run("incidents", "--token", "x").code == 2


@pytest.mark.parametrize(("text", "code"), [("", 2), ("two words", 2), ("ünicode", 2), ("a\r\nX-Evil: 1", 2), (None, 3)])
def test_what_is_no_token(run, shop, text, code):
    """
    A file that is empty, is not there, or holds what no header may carry is said, and what is in it is not.
    """
    if text is not None:
        (shop / "token").write_text(text, encoding="utf-8", newline="")
    done = run("incidents", "--token-file", "token")

    assert (done.code, done.out) == (code, "")
    assert "evil" not in done.err.lower()


def test_a_token_is_not_led_elsewhere(run, monkeypatch):
    """
    A redirect is not followed, so that a token goes to the address that was named only.
    """
    monkeypatch.setenv("WATCHBILL_TOKEN", "mine")
    with answering(says(200, {"incidents": []})) as other, answering(says(307, "", Location=other.url)) as side:
        assert run("incidents", "--server", side.url).code == 3

    assert other.asked == []


def test_a_token_says_who_it_is(run, tmp_path, monkeypatch):
    """
    A server with tokens asks for one; what is said with one is its person's, and whoever names somebody else is told so.
    """
    folder = a_shop(tmp_path / "house")
    with served(folder) as place:
        monkeypatch.setenv("WATCHBILL_SERVER", place.url)
        incident = place.fire(an_alert())
    reader, actor = (a_token(folder / "watchbill.db", name, name, who="ana") for name in ("read", "act"))
    with served(folder) as place:
        monkeypatch.setenv("WATCHBILL_SERVER", place.url)
        without = run("incidents")
        monkeypatch.setenv("WATCHBILL_TOKEN", reader)
        listed, refused = run("incidents"), run("ack", incident)
        monkeypatch.setenv("WATCHBILL_TOKEN", actor)
        done = run("ack", incident, "--as", "bo")

    assert (without.code, "set WATCHBILL_TOKEN" in without.err) == (2, True)
    assert (listed.code, incident in listed.out) == (0, True)
    assert (refused.code, "[missing-scope]" in refused.err) == (2, True)
    assert (done.code, done.out) == (0, f"{incident}: acknowledged by ana\n")
    assert done.err == "the token is ana's, so it was said by ana, not by bo\n"


# --- how light it is ------------------------------------------------------------------------


def test_the_base_installation_is_enough():
    """
    The daily verbs load nothing that only a server needs, and none of what makes `validate` slow to begin.
    """
    heavy = {"httpx", "sqlalchemy", "starlette", "uvicorn", "structlog", "pydantic", "yaml", "jinja2", "jsonschema", "re2", "holidays"}
    with answering(says(200, {"incidents": []})) as side:
        program = (
            "import json, sys; from watchbill.cli import main; "
            f"code = main(['incidents', '--server', {side.url!r}]); "
            f"print(json.dumps([code, sorted({heavy!r} & set(sys.modules))]))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT / "engine")}
        )

    assert json.loads(done.stdout.splitlines()[-1]) == [0, []]

"""Connectors of others: packages and programs, the examples of the page among them."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.connectors.contract import Asked, Case, Contract
from tests.connectors.makers import SECRET, Ways, a_request, carry_out, server_tls, ways
from tests.connectors.sides import Behave, a_server, answering, dripping, flooding, hanging_after_request
from watchbill.connectors import discovering
from watchbill.connectors.carrying import Held
from watchbill.connectors.catalogue import catalogue
from watchbill.connectors.discovering import Installed, flaw
from watchbill.connectors.performers import performers
from watchbill.connectors.performing import NotDone, Refused, Transient, Unknown
from watchbill.connectors.processes import Processes
from watchbill.connectors.programs import PROTOCOL, Program, programs
from watchbill.errors import UserError
from watchbill.model.plan import Done

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "connectors"
PAGE = ROOT / "docs" / "write-a-connector.md"


def the_ntfy_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("watchbill_ntfy", EXAMPLES / "ntfy" / "watchbill_ntfy.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NTFY = the_ntfy_module()


# --- the page ----------------------------------------------------------------------------------------------------------


def test_the_page_shows_the_examples_as_they_are():
    """
    The code on the page is that of the examples, which the tests run.
    """
    shown = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)

    assert shown == [(EXAMPLES / name).read_text("utf-8") for name in ("spool", "ntfy/watchbill_ntfy.py")]


def test_the_readme_links_the_page():
    """
    Whoever reads the README finds how to write a connector.
    """
    assert "(docs/write-a-connector.md)" in (ROOT / "README.md").read_text("utf-8")


# --- the example of a package ------------------------------------------------------------------------------------------

PUSHED: dict[str, Behave] = {
    "well": answering(body=b'{"id": "sPs71M8A2T"}'),
    "tells": answering(body=json.dumps({"id": SECRET}).encode()),
    "denies": answering(401, f"no such token: {SECRET}".encode()),
    "hangs": hanging_after_request,
    "drips": dripping(),
    "floods": flooding(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
}


@asynccontextmanager
async def a_push(out: Ways, behaviour: str) -> AsyncIterator[Asked]:
    async with a_server(PUSHED[behaviour], server_tls()) as side:
        request = a_request(
            "ntfy", "push", {"to": "ana-oncall"}, settings={"url": f"https://localhost:{side.port}"}, secrets={"token": SECRET}
        )
        performer = Installed(NTFY.TYPE, NTFY).performer(out.outside)
        keys = lambda: [got.headers["idempotency-key"] for got in side.got]  # noqa: E731
        yield Asked({"ntfy": performer}, catalogue(NTFY.TYPE), request, keys, side.reached.wait, side.is_quiet)


@pytest.mark.anyio
class TestTheExampleOfAPackage(Contract):
    @pytest.fixture
    def case(self) -> Case:
        """The ntfy connector, with a server that behaves like this."""
        return Case("ntfy", a_push)


@pytest.mark.anyio
async def test_what_the_example_of_a_package_pushes(out: Ways):
    """
    The push has the topic and the page's own words.
    """
    async with a_server(PUSHED["well"]) as side:
        request = a_request("ntfy", "push", {"to": "ana-oncall"}, settings={"url": f"http://127.0.0.1:{side.port}"}, is_repeat=True)
        done = await carry_out({"ntfy": NTFY.performer(out.outside)}, catalogue(NTFY.TYPE), request)

    assert done == Done({"id": "sPs71M8A2T"}, "sPs71M8A2T")
    assert json.loads(side.got[0].body) == {
        "topic": "ana-oncall",
        "title": "HighErrorRate on checkout",
        "message": "critical: HighErrorRate on checkout (payments)",
        "priority": 5,
        "tags": ["critical"],
    }


# --- the example of a program ------------------------------------------------------------------------------------------


@pytest.fixture
def spool(public: Path) -> tuple[Program, Path, Ways]:
    """The program of the page, where anybody may run it, and a folder for what it lays down."""
    path, folder = public / "spool", public / "messages"
    path.write_bytes((EXAMPLES / "spool").read_bytes())
    path.chmod(0o755)
    folder.mkdir()
    folder.chmod(0o777)
    out = ways()
    return programs([f"spool={path}"], out.outside.processes)[0], folder, out


@pytest.mark.anyio
async def test_the_example_of_a_program(spool: tuple[Program, Path, Ways]):
    """
    A message is laid down once, however often it is asked for; how many wait is counted.
    """
    program, folder, out = spool
    ours = performers(out.outside, (program,)), catalogue(program.type)
    settings = {"folder": str(folder)}
    first = await carry_out(*ours, a_request("spool", "put", settings=settings))
    again = await carry_out(*ours, a_request("spool", "put", settings=settings, attempt=2, is_repeat=True))
    await carry_out(*ours, a_request("spool", "put", {"subject": "Other"}, settings=settings, key="other"))
    counted = await carry_out(*ours, a_request("spool", "count", settings=settings))

    assert first == again
    assert counted.result == {"count": 2}
    message = folder / first.effect
    assert message.read_text("utf-8") == "HighErrorRate on checkout\n\ncritical: HighErrorRate on checkout (payments)\n"


@pytest.mark.anyio
async def test_the_example_of_a_program_says_what_is_wrong(spool: tuple[Program, Path, Ways]):
    """
    A folder that is missing needs a person; one that takes nothing now may take it later.
    """
    program, folder, out = spool
    ours = performers(out.outside, (program,)), catalogue(program.type)
    with pytest.raises(Refused, match="the folder is not there"):
        await carry_out(*ours, a_request("spool", "put", settings={"folder": str(folder / "missing")}))
    with pytest.raises(Transient, match="the folder takes no file: Not a directory") as raised:
        await carry_out(*ours, a_request("spool", "put", settings={"folder": str(program.path)}))

    assert raised.value.after is not None


# --- programs ----------------------------------------------------------------------------------------------------------

CLOSED: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
ACTION: dict[str, Any] = {"name": "ring", "summary": "Rings.", "arguments": CLOSED, "result": CLOSED}
TYPE: dict[str, Any] = {"summary": "A bell.", "settings": CLOSED, "actions": [ACTION]}


def a_script(folder: Path, answers: str, *, otherwise: str = "") -> Path:
    """A program that answers this when it is asked to describe itself, and does that otherwise."""
    path = folder / "bell"
    path.write_text(f"#!/bin/sh\nread -r asked\ncase $asked in\n*describe*) {answers};;\n*) {otherwise or ':'};;\nesac\n", "utf-8")
    path.chmod(0o755)
    return path


def says(**answer: Any) -> str:
    return f"echo '{json.dumps({'protocol': PROTOCOL, **answer})}'"


def with_action(**changes: Any) -> dict[str, Any]:
    return {**TYPE, "actions": [{**ACTION, **changes}]}


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ("echo hello", "it answered no JSON, and ended with 0"),
        ("echo oh no >&2; exit 3", "it answered no JSON, and ended with 3; it said: oh no"),
        ("echo '[]'", "its answer is not in the protocol watchbill.connector/1"),
        ("""echo '{"protocol": "watchbill.connector/2"}'""", "its answer is not in the protocol"),
        ("yes", "it answered more than 256 KiB"),
        (says(), "`type` is missing or no object"),
        (says(type={**TYPE, "secrets": [1]}), "`secrets` is not a list of names"),
        (says(type={**TYPE, "actions": {}}), "`actions` is no list"),
        (says(type={**TYPE, "actions": []}), "it has no action, or two of one name"),
        (says(type={**TYPE, "actions": [ACTION, ACTION]}), "it has no action, or two of one name"),
        (says(type={**TYPE, "actions": ["ring"]}), "an action is not an object"),
        (says(type={**TYPE, "settings": {"type": "object"}}), "JSON Schemas of objects with `additionalProperties: false`"),
        (says(type=with_action(arguments={**CLOSED, "type": "objekt"})), "JSON Schemas of objects"),
        (says(type=with_action(name="Ring it")), "`Ring it` is not a name"),
        (says(type=with_action(summary="")), "`summary` is missing or no text"),
        (says(type=with_action(reads="yes")), "are true or false"),
        (says(type=with_action(rings=1)), "are true or false"),
        (says(type=with_action(does="shouts")), "`does` of `ring` is one of `reads`, `tells`, `reaches`, `opens`, `changes`"),
        (says(type=with_action(does=["reads"])), "`does` of `ring` is one of"),
        (says(type=with_action(reads=True, reaches=True)), "`ring` says both `reads` and `reaches`: an action does one thing"),
        (says(type=with_action(does="changes", reads=True)), "`ring` says `does: changes`, and `reads: true` besides: leave `reads` out"),
        (says(type=with_action(does="reaches", reaches=False)), "`ring` says `does: reaches`, and `reaches: false` besides"),
        (says(type=with_action(rings=True)), "`ring` rings, so it reaches a person"),
        (says(type=with_action(reads=True)), "`ring` only reads, so it may be repeated"),
        (says(type=with_action(reaches=True)), "`ring` reaches a person, so it takes `to` and `text`"),
        (says(type=with_action(escaping={"text": "none"})), "`escaping` of `ring` names an argument"),
        (says(type=with_action(escaping=["text"])), "`escaping` is not an object"),
    ],
)
def test_programs_that_cannot_be_used(public: Path, out: Ways, answers: str, wrong: str):
    """
    A program that does not describe a type is an error at once, with how to look into it.
    """
    path = a_script(public, f"{answers} | head -c 400000" if answers == "yes" else answers)
    with pytest.raises(UserError) as raised:
        programs([f"bell={path}"], out.outside.processes)

    assert wrong in str(raised.value)
    assert f"| {path}" in raised.value.help


def test_a_program_that_never_answers(public: Path, out: Ways, monkeypatch: pytest.MonkeyPatch):
    """
    A program that does not describe itself in time is ended, and named.
    """
    monkeypatch.setattr("watchbill.connectors.programs._DESCRIBES_WITHIN", 0.2)

    with pytest.raises(UserError, match=r"did not answer within 0\.2s"):
        programs([f"bell={a_script(public, 'exec sleep 60')}"], out.outside.processes)


@pytest.mark.parametrize("named", ["bell", "=/bin/true", "bell=bin/true", "bell=", "bell=/no/such/program", "bell=/tmp", "bell=/dev/null"])
def test_what_names_no_program(named: str):
    """
    A program is named by its connector's name and its whole path, and is one.
    """
    with pytest.raises(UserError) as raised:
        programs([named], Processes())

    assert raised.value.rule == "broken-connector"


def test_a_program_that_anybody_can_change(public: Path):
    """
    A program that everybody may write is nobody's to trust.
    """
    path = a_script(public, says(type=TYPE))
    path.chmod(0o777)

    with pytest.raises(UserError, match="anybody can change it"):
        programs([f"bell={path}"], Processes())


def test_no_programs_are_none():
    """
    A process that was told of none has none.
    """
    assert programs([], Processes()) == ()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("does", "meaning", "error"),
    [
        (says(done={}, refused={"error": "no"}), Unknown, "its answer is not one of"),
        (says(), Unknown, "its answer is not one of"),
        (says(done=1), Unknown, "`done` is missing or no object"),
        (says(refused={}), Unknown, "`error` is missing"),
        ("echo ding", Unknown, "it answered no JSON"),
        (f"{says(done={})}; {says(done={})}", Unknown, "it answered no JSON"),
        ("exit 1", Unknown, "it answered no JSON, and ended with 1"),
        (says(unknown={"error": "who knows"}), Unknown, "who knows"),
        (says(transient={"error": "later", "after_seconds": 5}), Transient, "later"),
        (says(transient={"error": "later", "after_seconds": "soon"}), Transient, "later"),
    ],
)
async def test_what_a_programs_answer_means(public: Path, out: Ways, does: str, meaning: type[NotDone], error: str):
    """
    An answer that cannot be understood is no news of what happened.
    """
    path = a_script(public, says(type=TYPE), otherwise=does)
    told = programs([f"bell={path}"], out.outside.processes)
    with pytest.raises(meaning, match=error):
        await carry_out(performers(out.outside, told), catalogue(told[0].type), a_request("bell", "ring"))


@pytest.mark.anyio
async def test_what_a_program_is_told(public: Path, out: Ways):
    """
    The request holds everything that is needed, and its secrets are nowhere else.
    """
    kept = public / "kept"
    path = a_script(public, says(type=TYPE), otherwise=f'printf %s "$asked" > {kept}; env >> {kept}.env; {says(done={"result": {}})}')
    told = programs([f"bell={path}"], out.outside.processes)
    await carry_out(performers(out.outside, told), catalogue(told[0].type), a_request("bell", "ring", secrets={"token": SECRET}))
    asked = json.loads(kept.read_text("utf-8"))

    assert asked["incident"].pop("opened_at") == "2026-11-23T03:12:00+00:00"
    assert asked == {
        "protocol": PROTOCOL,
        "do": "perform",
        "connector": "the-bell",
        "action": "ring",
        "arguments": {},
        "settings": {},
        "secrets": {"token": SECRET},
        "key": "checkout-7f3a/page/payments-critical/0/1",
        "attempt": 1,
        "is_repeat": False,
        "subject": "HighErrorRate on checkout",
        "text": "critical: HighErrorRate on checkout (payments)",
        "timeout_seconds": 5.0,
        "now": "2026-11-23T03:12:00+00:00",
        "incident": {
            "id": "checkout-7f3a",
            "title": "HighErrorRate on checkout",
            "status": "triggered",
            "severity": "critical",
            "service": "checkout",
            "team": "payments",
        },
        "thread": "",
    }
    assert SECRET not in Path(f"{kept}.env").read_text("utf-8")


# --- packages ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages."""
    monkeypatch.syspath_prepend(tmp_path)
    discovering.installed.cache_clear()
    yield tmp_path
    discovering.installed.cache_clear()
    sys.modules.pop("watchbill_ntfy", None)


def install(site: Path, entry: str, module: str = "") -> None:
    """Install a package with one entry point, and perhaps a module beside it."""
    folder = site / "somebodys-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: somebodys\nVersion: 1.0\n", "utf-8")
    (folder / "entry_points.txt").write_text(f"[watchbill.connectors]\n{entry}\n", "utf-8")
    if module:
        (site / "somebodys.py").write_text(module, "utf-8")
    sys.modules.pop("somebodys", None)


def test_an_installed_package_is_found(site: Path, out: Ways):
    """
    The type of an installed package is in the catalogue, and its actions are carried out by it.
    """
    (site / "watchbill_ntfy.py").write_bytes((EXAMPLES / "ntfy" / "watchbill_ntfy.py").read_bytes())
    install(site, "ntfy = watchbill_ntfy")

    assert catalogue()["ntfy"].summary == "Pushes to phones through ntfy."
    assert list(catalogue()) == sorted(catalogue())
    assert type(performers(out.outside)["ntfy"].performer).__name__ == "Ntfy"


@pytest.mark.parametrize(
    ("entry", "module", "wrong"),
    [
        ("pager = no_such_module_of_anybody", "", "cannot be loaded: ModuleNotFoundError"),
        ("pager = somebodys", "raise RuntimeError('no')", "cannot be loaded: RuntimeError: no"),
        ("pager = somebodys", "TYPE = 1", "has no `TYPE` and no `performer(outside)`"),
        ("pager = somebodys", "from watchbill.connectors.log import TYPE", "has no `TYPE` and no `performer(outside)`"),
        ("pager = somebodys", "from watchbill.connectors.log import TYPE, performer", "its type is called `log`"),
        ("log = somebodys", "from watchbill.connectors.log import TYPE, performer", "two types of connectors called `log`"),
    ],
)
def test_packages_that_cannot_be_used(site: Path, entry: str, module: str, wrong: str):
    """
    A package that offers no type, or one that is there already, is an error that names it.
    """
    install(site, entry, module)
    with pytest.raises(UserError) as raised:
        catalogue()

    assert wrong in str(raised.value)


def test_a_program_takes_no_name_that_is_there(public: Path, out: Ways):
    """
    A program cannot take the place of a type that comes with watchbill.
    """
    path = a_script(public, says(type=TYPE))

    with pytest.raises(UserError, match="two types of connectors called `log`"):
        catalogue(*(each.type for each in programs([f"log={path}"], out.outside.processes)))


def test_our_own_types_are_without_a_flaw():
    """
    What is asked of others' types holds for ours.
    """
    assert [flaw(kind) for kind in catalogue().values() if flaw(kind)] == []
    assert flaw(replace(NTFY.TYPE, actions=())) == "it has no action, or two of one name"


@pytest.mark.parametrize(
    ("says", "wrong"),
    [
        ({"does": "shouts"}, "`does` of `push` is one of `reads`, `tells`, `reaches`, `opens`, `changes`"),
        ({"generic": True}, "`push` is generic, so it says nothing of what it does"),
        ({"does": "tells", "rings": True}, "`push` rings, so it reaches a person"),
        ({"does": "reads"}, "`push` only reads, so it may be repeated"),
        ({"does": "changes", "generic": True}, ""),
        ({"rings": True}, ""),
    ],
)
def test_what_an_action_of_a_package_says_of_itself_fits_together(says: dict[str, Any], wrong: str):
    """
    What an action does is one of five things, and what else it says goes with that.
    """
    (action,) = NTFY.TYPE.actions

    assert flaw(replace(NTFY.TYPE, actions=(replace(action, **says),))) == wrong


def test_performers_are_those_of_the_catalogue(out: Ways):
    """
    Every type has somebody who carries it out or says why not; what is no type has nobody.
    """
    ours = performers(out.outside)

    assert list(ours) == list(catalogue())
    assert len(ours) == len(catalogue())
    assert all(isinstance(each, Held) for each in ours.values())
    assert ours["log"] is ours["log"]
    assert "gong" not in ours

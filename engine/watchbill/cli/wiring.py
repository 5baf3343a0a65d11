"""The engine put together: its record, its policies, its connectors and its clock, as the flags of a verb say.

This is the one place where all of them meet. Whoever runs an engine (`serve`, `run`, a test) does it through `at_work`.
"""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from watchbill.cli.beyond import alarm, errors_of, log_findings
from watchbill.cli.editions import Loaded, gone, load_edition, lost, reload_edition
from watchbill.cli.options import stopwatch, wall
from watchbill.cli.output import wants_colour
from watchbill.cli.survey import judge_of, missing_libraries
from watchbill.errors import OutsideError, UserError

if TYPE_CHECKING:
    from watchbill.cli.answer import Session
    from watchbill.connectors.performing import Performer, Sink
    from watchbill.connectors.processes import Processes
    from watchbill.connectors.secrets import Roots
    from watchbill.errors import Finding
    from watchbill.execute.engine import Engine
    from watchbill.execute.heartbeat import Beat
    from watchbill.execute.policies import Edition
    from watchbill.model.policies import Connector
    from watchbill.model.policyset import Catalogue
    from watchbill.policy import Judge
    from watchbill.server.logs import Log
    from watchbill.store.record import Record

Say = Callable[..., None]
"""The log: takes a level, what happened, and fields."""


@dataclass(frozen=True, slots=True)
class Setup:
    """How an engine is put together. *root* is the policy repository, *verb* what was asked for."""

    root: Path
    database: str
    verb: str = "serve"
    public_url: str = ""
    resolve_timeout: timedelta = timedelta(minutes=5)
    stop_within: timedelta = timedelta(seconds=10)
    heartbeat_url: str = ""
    heartbeat_method: Literal["GET", "POST"] = "GET"
    heartbeat_every: timedelta = timedelta(minutes=1)
    secret_folders: tuple[Path, ...] = ()
    secret_prefixes: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)


@dataclass(slots=True)
class AtWork:
    """An engine at work, and what was put together for it. *findings* are what it cannot carry out of its policies."""

    setup: Setup
    engine: Engine
    catalogue: Catalogue
    roots: Roots
    say: Say
    judge: Judge
    findings: tuple[Finding, ...] = ()
    beat_at: float = 0.0
    _alarms: set[asyncio.Task[None]] = field(default_factory=set)

    async def secrets(self, references: Sequence[str]) -> tuple[str, ...]:
        """The values of these references to secrets, those that there are."""
        from watchbill.connectors.performing import Refused
        from watchbill.connectors.secrets import Secrets

        found: list[str] = []
        for reference in references:
            try:
                found += (await Secrets(self.roots).of([(reference, reference)])).values()
            except Refused as refusal:
                self.say("error", "secret_missing", error=refusal.error)
        return tuple(found)

    async def reload(self) -> bool:
        """Go by the policies as they stand in the repository now; whether that was done.

        A file that is broken keeps its documents, which is said; what would still break others is refused as a whole.
        """
        current = self.engine.policies.current
        try:
            loaded = await asyncio.to_thread(reload_edition, self.setup.root, self.catalogue, current, self.judge)
        except Exception as error:
            self.say("error", "policies_refused", error=str(error), stays=current.revision)
            return False
        broken = lost(loaded.edition, current)
        if broken:
            said = f"{', '.join(broken[:10])} would not be in force any more, being broken; `watchbill validate {self.setup.root}` says why"
            self.say("error", "policies_refused", error=said, refused=loaded.edition.revision, stays=current.revision)
            return False
        if loaded.kept:
            help = f"`watchbill validate {self.setup.root}` says what to mend"
            self.say("error", "policies_kept", files=", ".join(loaded.kept[:10]), count=len(loaded.kept), help=help)
        taken_out = gone(loaded.edition, current)
        if taken_out:
            self.say("warning", "policies_gone", documents=", ".join(taken_out[:20]), count=len(taken_out))
        if loaded.edition.files == current.files:
            self.say("info", "policies_unchanged", revision=current.revision)
        else:
            say_loaded(self.say, loaded)
            await self.engine.replace(loaded.edition)
        self.tell(loaded.findings)
        return True

    def tell(self, findings: tuple[Finding, ...]) -> None:
        """Say what cannot be carried out: new errors by the last resort, while all else goes on."""
        before, self.findings = errors_of(self.findings), findings
        log_findings(self.say, findings, briefly=self.setup.verb != "serve")
        errors = errors_of(findings)
        if not set(errors) <= set(before):
            saying = asyncio.create_task(alarm(self.engine, errors, self.engine.policies.current.revision, self.engine.now()), name="reach")
            self._alarms.add(saying)
            saying.add_done_callback(self._alarms.discard)

    async def close(self) -> None:
        """End what is still being said."""
        for task in tuple(self._alarms):
            task.cancel()
        await asyncio.gather(*self._alarms, return_exceptions=True)


def log_of(session: Session, form: str, level: str) -> Log:
    """The log of an engine that is run from the command line, on standard error."""
    from watchbill.server.logs import Log

    is_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    return Log(sys.stderr, "text" if is_text else "json", wall, level, colour=is_text and wants_colour(session.color, sys.stderr))


def check_extra(verb: str) -> None:
    """Raises UserError unless what *verb* needs is installed."""
    missing = missing_libraries("serve")
    if missing:
        help = "run `pip install 'watchbill[serve]'`"
        raise UserError(
            f"`watchbill {verb}` needs {', '.join(missing)}, which the base installation does not bring", help, rule="missing-extra"
        )


def database_of(url: str | None, root: Path) -> str:
    """The record that a verb means: the one at this *url*, or the one that stands beside the settings. Its folder is kept out of git."""
    if url:
        return url
    folder = root / ".watchbill"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        ignored = folder / ".gitignore"
        if not os.path.lexists(ignored):
            ignored.write_text("# what watchbill keeps for itself\n*\n", encoding="utf-8")
    except OSError as failure:
        help = "give the user that watchbill runs as the right to write there, or name another place with `--database`"
        message = f"the folder {folder} cannot be written: {failure.strerror or failure}"
        raise OutsideError(message, help, rule="record-unwritable") from failure
    return str(folder / "watchbill.db")


@asynccontextmanager
async def at_work(
    setup: Setup, say: Say, sink: Sink, *, before: Callable[[Record, Callable[[], datetime]], None] = lambda record, now: None
) -> AsyncIterator[AtWork]:
    """An engine as this *setup* describes it, at work. *before* may look at the record, and refuse, before it begins.

    *sink* is where connectors of the type `log` write to. Raises UserError and OutsideError as loading policies and opening the
    record do.
    """
    from watchbill.connectors.catalogue import catalogue
    from watchbill.connectors.outbound import Outbound
    from watchbill.connectors.performers import performers
    from watchbill.connectors.performing import Outside
    from watchbill.connectors.processes import Processes
    from watchbill.connectors.programs import programs
    from watchbill.connectors.reaching import Reach
    from watchbill.connectors.secrets import Roots
    from watchbill.execute.engine import Engine, Options
    from watchbill.execute.policies import Policies
    from watchbill.store.record import Record

    processes = Processes(owner=_owner_of(setup.database))
    outside = Outside(Outbound(Reach.of(setup.private)), processes, sink)
    speakers = programs(setup.programs, processes)
    types = catalogue(*(each.type for each in speakers))
    roots = Roots(setup.secret_prefixes, setup.secret_folders, setup.environment)
    judge = judge_of(types, roots, Reach.of(setup.private))
    loaded = load_edition(setup.root, types, judge)
    say_loaded(say, loaded)
    options = Options(setup.resolve_timeout, setup.stop_within, setup.public_url, setup.heartbeat_every)
    holder = f"watchbill {setup.verb}, process {os.getpid()} on {platform.node() or 'this machine'}"
    record = Record.open(setup.database, now=wall(), holder=holder)
    try:
        _end_left_behind(processes, say)
        before(record, wall)
        policies = Policies(loaded.edition, types, lambda revision: _kept(record, types, revision))
        heart = _heart(setup.heartbeat_url, setup.heartbeat_method)
        room: AtWork

        async def beat() -> None:
            assert heart is not None
            await heart()
            room.beat_at = wall().timestamp()

        def apart() -> Mapping[str, Performer]:
            return performers(Outside(Outbound(Reach.of(setup.private)), Processes(), sink), speakers)

        engine = Engine(
            *(record, policies, performers(outside, speakers), _secrets_below(roots), wall, stopwatch, say, options),
            beat=beat if heart is not None else None,
            apart=apart,
        )
        room = AtWork(setup, engine, types, roots, say, judge)
        async with engine.running():
            room.tell(loaded.findings)
            try:
                yield room
            finally:
                await room.close()
    finally:
        record.close()


def _end_left_behind(processes: Processes, say: Say) -> None:
    """End what an earlier life of this engine has begun and not ended, before anything is undone or begun again."""
    left = processes.end_left_behind()
    if left:
        say("warning", "programs_ended", count=left, help="an earlier life of this engine had begun them, and not ended them")


def _owner_of(database: str) -> str:
    """Whose programs those of this engine are: its record's, by the path that it has on this machine."""
    from hashlib import sha256

    from watchbill.store.location import file_of

    return sha256(str(file_of(database).resolve()).encode(errors="surrogateescape")).hexdigest()[:32]


def say_loaded(say: Say, loaded: Loaded) -> None:
    """Say which policies are gone by, and what of them is not in force."""
    policies = loaded.edition.policies
    say("info", "policies_loaded", revision=policies.revision, services=len(policies.services), escalations=len(policies.escalations))
    if policies.quarantined:
        left_out = ", ".join(policies.quarantined[:20])
        say("warning", "policies_left_out", documents=left_out, errors=loaded.errors, help="`watchbill validate` says what to mend")


def _secrets_below(roots: Roots) -> Callable[[Connector], Mapping[str, str]]:
    from watchbill.connectors.secrets import look_up

    return lambda connector: {name: look_up(reference, roots) for name, reference in connector.secrets}


def _kept(record: Record, types: Catalogue, revision: str) -> Edition | None:
    """The edition of a revision that open incidents go by, from the record."""
    from watchbill.execute.policies import kept_edition
    from watchbill.store import revisions

    with record.read() as connection:
        files = revisions.get(connection, revision)
    return kept_edition(files, types, revision) if files is not None else None


def _heart(url: str, method: Literal["GET", "POST"]) -> Beat | None:
    """What feeds the dead man's switch. Whoever names it on the command line may also name one of their own network."""
    if not url:
        return None
    from watchbill.connectors.outbound import Outbound
    from watchbill.connectors.reaching import Reach
    from watchbill.execute.heartbeat import heart

    host = urlsplit(url).hostname
    if urlsplit(url).scheme not in ("http", "https") or not host:
        raise UserError(f"`{url[:80]}` is no address that can be asked for", "write one that begins with https://", rule="bad-address")
    return heart(Outbound(Reach.of((host,))), url, method)

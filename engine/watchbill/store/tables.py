"""The tables of the record.

Instants are integers, microseconds since 1970 in UTC, so that they compare, sort and are indexed alike everywhere; names of such
columns end in `_at` (`until`, where it is the end of something). Texts that hold JSON are written by `encoding`. The tables are made
by the migrations; a test holds both together.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    column,
    false,
    literal_column,
    text,
)

METADATA: Final = MetaData()


def _number() -> BigInteger:
    """Numbers that the database hands out. SQLite does so for a column of this very type only."""
    return BigInteger().with_variant(Integer, "sqlite")


def _at(name: str, *, needed: bool = True) -> Column[Any]:
    return Column(name, BigInteger, nullable=not needed)


def _text(name: str, *, needed: bool = True) -> Column[Any]:
    return Column(name, Text, nullable=not needed)


# --- incidents ------------------------------------------------------------------------

_IS_OPEN: Final = column("status") != literal_column("'resolved'")

INCIDENT: Final = Table(
    "incident",
    METADATA,
    Column("id", Text, primary_key=True),
    _text("key"),
    Column("is_newest", Boolean, nullable=False),  # of those of its key: the one that alerts join, or reopen
    _text("name"),
    _text("status"),
    _text("severity"),
    _text("service", needed=False),
    _text("team"),
    _at("opened_at"),
    _at("status_at", needed=False),
    _at("wake_at", needed=False),
    _text("revision"),
    _text("acknowledged_by"),
    Column("number", Integer, nullable=False),  # of its last decision
    Column("is_unanswered", Boolean, nullable=False, server_default=false()),  # every round went unanswered
    _at("acknowledged_until", needed=False),
    # Two that open an incident of one key at the same time cannot both succeed.
    Index("incident_newest", "key", unique=True, sqlite_where=text("is_newest = 1"), postgresql_where=text("is_newest")),
    Index("incident_wake", "wake_at", sqlite_where=column("wake_at").is_not(None), postgresql_where=column("wake_at").is_not(None)),
    Index("incident_open", "status", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
    Index("incident_opened", "opened_at", "id"),
    sqlite_with_rowid=False,
)

IS_OPEN: Final = INCIDENT.c.status != literal_column("'resolved'")
"""Stands in the SQL as it stands in the index, so that SQLite sees that the index will do."""

DECISION: Final = Table(
    "decision",
    METADATA,
    Column("id", _number(), primary_key=True),
    Column("incident", Text, ForeignKey("incident.id"), nullable=False),
    Column("number", Integer, nullable=False),
    _at("at"),
    _text("by"),
    _text("event"),
    _text("changes"),
    _text("reasons"),
    _at("wake_at", needed=False),
    _text("revision"),
    _text("tzdata"),
    _text("facts"),
    UniqueConstraint("incident", "number", name="decision_number"),
)

REPAIR_RUN: Final = Table(
    "repair_run",
    METADATA,
    Column("id", _number(), primary_key=True),
    _text("remediation"),
    Column("incident", Text, ForeignKey("incident.id"), nullable=False),
    _text("target"),
    _text("service", needed=False),
    _text("team"),
    _at("started_at"),
    _at("ended_at", needed=False),
    Index("repair_run_remediation", "remediation", "ended_at"),
    Index("repair_run_ended", "ended_at"),
    Index("repair_run_incident", "incident"),
)

# --- steps ----------------------------------------------------------------------------

STEP: Final = Table(
    "step",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("incident", Text, ForeignKey("incident.id"), nullable=False),
    _text("kind"),
    Column("urgency", SmallInteger, nullable=False),
    _text("state"),
    Column("attempt", Integer, nullable=False),
    _at("due_at"),
    _at("begun_at", needed=False),
    _at("settled_at", needed=False),
    Column("possibly_repeated", Boolean, nullable=False),
    _text("body"),
    _text("outcome", needed=False),
    Index(
        "step_queued",
        column("urgency").desc(),
        "due_at",
        sqlite_where=column("state") == "queued",
        postgresql_where=column("state") == "queued",
    ),
    Index("step_running", "begun_at", sqlite_where=column("state") == "running", postgresql_where=column("state") == "running"),
    Index("step_incident", "incident"),
)

EFFECT: Final = Table(
    "effect",
    METADATA,
    Column("id", _number(), primary_key=True),
    Column("step", Text, nullable=False),
    Column("call", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    _text("key"),
    _at("begun_at"),
    _at("settled_at", needed=False),
    _text("outcome", needed=False),
    UniqueConstraint("step", "call", "attempt", name="effect_call"),
)

DELIVERY: Final = Table(
    "delivery",
    METADATA,
    Column("id", _number(), primary_key=True),
    _text("step"),
    Column("number", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    _text("incident"),
    _text("person"),
    _text("connector"),
    _text("action"),
    _text("result"),
    _text("error"),
    _text("effect"),  # what the other side calls it
    _at("begun_at"),
    _at("settled_at", needed=False),
    _at("reported_at", needed=False),
    UniqueConstraint("step", "number", "attempt", name="delivery_attempt"),
    Index("delivery_incident", "incident"),
    Index(
        "delivery_under_way",
        "begun_at",
        sqlite_where=column("settled_at").is_(None),
        postgresql_where=column("settled_at").is_(None),
    ),
)

# --- what comes in --------------------------------------------------------------------

INBOX: Final = Table(
    "inbox",
    METADATA,
    Column("id", _number(), primary_key=True),
    _text("source"),
    _text("kind"),
    Column("body", LargeBinary, nullable=False),
    _at("received_at"),
    Column("urgency", SmallInteger, nullable=False),
    _text("error", needed=False),
    Index(
        "inbox_waiting", column("urgency").desc(), "id", sqlite_where=column("error").is_(None), postgresql_where=column("error").is_(None)
    ),
    sqlite_autoincrement=True,  # a number is never given twice, so that an answer may name it
)

ALERT: Final = Table(
    "alert",
    METADATA,
    Column("fingerprint", Text, primary_key=True),
    _text("incident"),
    _text("source"),
    _text("service", needed=False),
    _text("team"),
    _text("severity"),
    _text("labels"),
    _text("annotations"),
    _text("generator_url"),
    _at("starts_at"),
    _at("ends_at", needed=False),
    _at("updated_at"),
    _at("expires_at", needed=False),
    Column("senders", Text, nullable=False, server_default="{}"),
    Index("alert_expires", "expires_at"),
    Index("alert_incident", "incident"),
)

# --- people and the engine ------------------------------------------------------------

SWITCH: Final = Table(
    "switch",
    METADATA,
    Column("id", _number(), primary_key=True),
    _text("kind"),
    _text("scope"),
    _text("name"),
    _text("by"),
    _text("reason"),
    _at("at"),
    _at("until", needed=False),
    _at("lifted_at", needed=False),
    _text("lifted_by"),
    Index("switch_holding", "at", sqlite_where=column("lifted_at").is_(None), postgresql_where=column("lifted_at").is_(None)),
)

SILENCE: Final = Table(
    "silence",
    METADATA,
    Column("id", Text, primary_key=True),
    _text("team"),
    _text("matchers"),
    _text("author"),  # the person whose wish it is
    _text("created_by"),  # as whoever sent it called them
    _text("reason"),
    _text("by"),
    _at("at"),
    _at("starts_at"),
    _at("ends_at"),
    _at("expired_at", needed=False),
    _text("expired_by"),
    Index("silence_ends", "ends_at"),
)

TOKEN: Final = Table(
    "token",
    METADATA,
    Column("name", Text, primary_key=True),
    _text("who"),
    Column("sha256", Text, nullable=False, unique=True),
    _text("scopes"),
    _at("created_at"),
    _at("expires_at", needed=False),
    _at("last_used_at", needed=False),
    _at("revoked_at", needed=False),
)

SIGNING_KEY: Final = Table(
    "signing_key",
    METADATA,
    Column("name", Text, primary_key=True),
    _text("secret"),
    _at("made_at"),
)

LEASE: Final = Table(
    "lease",
    METADATA,
    Column("name", Text, primary_key=True),
    _text("holder"),
    _text("machine"),
    _at("since_at"),
    _at("until"),  # by the database's own clock
)

BLOB: Final = Table("blob", METADATA, Column("hash", Text, primary_key=True), Column("body", LargeBinary, nullable=False))

REVISION_FILE: Final = Table(
    "revision_file",
    METADATA,
    Column("revision", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("blob", Text, ForeignKey("blob.hash"), nullable=False),
)

ATTEMPT: Final = Table(
    "attempt",
    METADATA,
    Column("name", Text, primary_key=True),  # request/…, incident/… or step/…
    Column("deaths", Integer, nullable=False),
    Column("in_hand", Boolean, nullable=False),
    _at("at"),
)

OBSERVATION: Final = Table("observation", METADATA, Column("name", Text, primary_key=True), _at("at"), _text("value"))

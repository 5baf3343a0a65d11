"""What a `when` and a template may speak of: the fields, their types, and one sentence on each.

`FIELDS` is the table that the reference is generated from, and `CONTEXT` the type built from it. The
type language is small: what JSON knows, unions, and `Anything` for what cannot be known before it is there.
A context itself is plain data: dict, list, str, int, float, bool and None, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from watchbill.model.references import Json


@dataclass(frozen=True, slots=True)
class String:
    """A text; one of *choices* where there are any."""

    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Number:
    """A number, whole or not."""


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Null:
    """Null: what every absent field is."""


@dataclass(frozen=True, slots=True)
class Object:
    """A mapping with known *fields*; *open* is the type of every other field, None where there is no other."""

    fields: Mapping[str, Type] = field(default_factory=dict, hash=False)
    open: Type | None = None


@dataclass(frozen=True, slots=True)
class Array:
    """A list whose elements are of one type."""

    of: Type


@dataclass(frozen=True, slots=True)
class Union:
    """One of several types. Made by `union`, so that no member is a union or stands twice."""

    members: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class Anything:
    """A value about which nothing is known."""


Type: TypeAlias = String | Number | Boolean | Null | Object | Array | Union | Anything


def union(*types: Type) -> Type:
    """The type of a value that is of one of these *types*; nothing can be said if one of them says nothing."""
    members: list[Type] = []
    for one in types:
        for member in members_of(one):
            if isinstance(member, Anything):
                return Anything()
            if member not in members:
                members.append(member)
    strings = [member for member in members if isinstance(member, String)]
    if len(strings) > 1:
        choices = tuple(dict.fromkeys(choice for one in strings for choice in one.choices)) if all(s.choices for s in strings) else ()
        members = [member for member in members if not isinstance(member, String)]
        members.insert(0, String(choices))
    return members[0] if len(members) == 1 else Union(tuple(members))


def members_of(type: Type) -> tuple[Type, ...]:
    """The members of a union; another *type* is its own only member."""
    return type.members if isinstance(type, Union) else (type,)


def optional(type: Type) -> Type:
    """This *type*, or null."""
    return union(type, Null())


def without_null(type: Type) -> Type:
    """This *type* when it is not null; `Null` where it is nothing else."""
    members = tuple(member for member in members_of(type) if not isinstance(member, Null))
    return union(*members) if members else Null()


def described(type: Type) -> str:
    """This *type* as the reference and error messages say it: ``string``, ``number or null``."""
    match type:
        case String():
            return "string"
        case Number():
            return "number"
        case Boolean():
            return "boolean"
        case Null():
            return "null"
        case Object():
            return "object"
        case Array(of):
            return "array" if isinstance(of, Anything) else f"array of {described(of)}"
        case Union(members):
            return " or ".join(dict.fromkeys(described(member) for member in members))
        case Anything():
            return "anything"


# --- the table --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field:
    """One row of the reference: the dotted *path*, its type, and one sentence.

    A path that ends in ``*`` stands for every name at that place.
    """

    path: str
    type: Type
    doc: str


SEVERITIES: Final = ("critical", "warning", "info")
STATUSES: Final = ("triggered", "acknowledged", "mitigated", "resolved")

FIELDS: Final[tuple[Field, ...]] = (
    Field("alert.name", String(), "What people call the alert: its `alertname`, or its labels where it has none."),
    Field("alert.status", String(("firing", "resolved")), "Whether the source says that it still holds."),
    Field("alert.severity", String(SEVERITIES), "How bad it is, in watchbill's three words."),
    Field("alert.labels.*", String(), "A label after the service has claimed the alert: `service`, `team`, `tier` and `severity` are set."),
    Field("alert.annotations.*", String(), "An annotation, as received."),
    Field("alert.received.*", String(), "A label as received, before anything was set."),
    Field("alert.starts_at", String(), "When it began, in RFC 3339."),
    Field("alert.source", String(), "The system that reported it."),
    Field("alert.generator_url", String(), "Where the source shows it; empty where it says nothing."),
    Field("alert.fingerprint", String(), "Its identity, computed from the labels as received."),
    Field("service.name", String(), "The service that claimed the alert. `service` is null where none did."),
    Field("service.tier", Number(), "How much depends on the service; 1 is the most."),
    Field("service.owner", String(), "The team that looks after the service."),
    Field("service.environment", String(), "Where the service runs, as its document says; empty where it does not."),
    Field("team.name", String(), "The team that the alert belongs to: the owner, or the fallback team."),
    Field("team.parent", optional(String()), "The team above it, null at the top."),
    Field("incident.id", String(), "The incident's name."),
    Field("incident.status", String(STATUSES), "Where the incident stands."),
    Field("incident.severity", String(SEVERITIES), "The highest severity so far."),
    Field("incident.reopen_count", Number(), "How often it came back after it was resolved."),
    Field("incident.alert_count", Number(), "How many alerts belong to it."),
    Field("incident.opened_at", String(), "When it was opened, in RFC 3339."),
    Field("incident.age_seconds", Number(), "How long ago that is."),
    Field("incident.is_acknowledged", Boolean(), "Whether a person has taken it."),
    Field("incident.affected", Array(String()), "The services whose alerts this incident hides, by an inhibition."),
    Field("now", String(), "The time of the decision, in RFC 3339; for `in_interval()`, `weekday()` and `hour()`."),
    Field("severity", String(SEVERITIES), "Short for `alert.severity`."),
    Field("tier", optional(Number()), "Short for `service.tier`; null where no service claimed the alert."),
    Field("env", String(), "The alert's label `env` or `environment`, else the service's environment; empty where nothing says."),
)
"""Every field there is, in the order in which the reference shows them."""

NULLABLE: Final = ("service",)
"""Objects that may be null as a whole."""


def _built(fields: tuple[Field, ...]) -> Object:
    """The object type whose dotted paths are these *fields*."""
    groups: dict[str, list[Field]] = {}
    known: dict[str, Type] = {}
    open_type: Type | None = None
    for row in fields:
        head, _, rest = row.path.partition(".")
        if head == "*":
            open_type = row.type
        elif rest:
            groups.setdefault(head, []).append(Field(rest, row.type, row.doc))
            known.setdefault(head, Null())  # keeps the order of the table
        else:
            known[head] = row.type
    for head, rows in groups.items():
        built: Type = _built(tuple(rows))
        known[head] = optional(built) if head in NULLABLE else built
    return Object(known, open_type)


CONTEXT: Final = _built(FIELDS)
"""The type of what `when` and templates see."""


def field_type(type: Type, name: str) -> Type | None:
    """The type of the field *name* of an object of this *type*; None where no object of it has one.

    Null where something else than an object may be there, since a field of that is null.
    """
    found: list[Type] = []
    is_known = False
    for member in members_of(type):
        match member:
            case Anything():
                return Anything()
            case Object(fields, open) if name in fields:
                found.append(fields[name])
                is_known = True
            case Object(fields, open) if open is not None:
                found += [open, Null()]
                is_known = True
            case _:
                found.append(Null())
    return union(*found) if is_known else None


def field_names(type: Type) -> Iterator[str]:
    """The names of the fields that objects of this *type* are known to have."""
    for member in members_of(type):
        if isinstance(member, Object):
            yield from member.fields


# --- other roots ------------------------------------------------------------------------------


def from_json_schema(schema: Mapping[str, Json]) -> Type:
    """The type of the values that a JSON Schema allows, as far as this type language can say it.

    An object that names its properties and is silent about others is taken to have no others: what
    an action does not declare cannot be relied on. A property that is not required may be null.
    """
    return _typed(schema, schema, 0)


def _typed(schema: Json, root: Mapping[str, Json], depth: int) -> Type:
    if not isinstance(schema, Mapping) or depth > 24:
        return Anything()
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _typed(_resolved(reference, root), root, depth + 1)
    if "const" in schema:
        return _of_values([schema["const"]])
    values = schema.get("enum")
    if isinstance(values, list | tuple) and values:
        return _of_values(list(values))
    for word in ("anyOf", "oneOf"):
        choices = schema.get(word)
        if isinstance(choices, list | tuple) and choices:
            return union(*(_typed(choice, root, depth + 1) for choice in choices))
    parts = schema.get("allOf")
    if isinstance(parts, list | tuple) and len(parts) == 1:
        return _typed(parts[0], root, depth + 1)
    names = schema.get("type")
    if names is None and "properties" in schema:
        names = "object"
    if isinstance(names, str):
        return _named(names, schema, root, depth)
    if isinstance(names, list | tuple) and names:
        return union(*(_named(name, schema, root, depth) for name in names))
    return Anything()


def _resolved(reference: str, root: Mapping[str, Json]) -> Json:
    if reference == "#":
        return root
    if not reference.startswith("#/"):
        return None
    found: Json = root
    for part in reference[2:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return found


def _of_values(values: list[Json]) -> Type:
    types: list[Type] = []
    for value in values:
        match value:
            case None:
                types.append(Null())
            case bool():
                types.append(Boolean())
            case int() | float():
                types.append(Number())
            case str():
                types.append(String((value,)))
            case _:
                return Anything()
    return union(*types)


def _named(name: Json, schema: Mapping[str, Json], root: Mapping[str, Json], depth: int) -> Type:
    match name:
        case "string":
            return String()
        case "number" | "integer":
            return Number()
        case "boolean":
            return Boolean()
        case "null":
            return Null()
        case "array":
            return Array(_typed(schema.get("items"), root, depth + 1))
        case "object":
            return _object(schema, root, depth)
        case _:
            return Anything()


def _object(schema: Mapping[str, Json], root: Mapping[str, Json], depth: int) -> Type:
    properties = schema.get("properties")
    required = schema.get("required")
    names = required if isinstance(required, list | tuple) else ()
    fields: dict[str, Type] = {}
    if isinstance(properties, Mapping):
        for name, below in properties.items():
            type = _typed(below, root, depth + 1)
            fields[name] = type if name in names else optional(type)
    others = schema.get("additionalProperties", not fields)
    return Object(fields, None if others is False else _typed(others, root, depth + 1))

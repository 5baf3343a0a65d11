"""Values of the model as JSON, and back: `decode(encode(x)) == x`.

What is written is made by msgspec from the dataclasses themselves, in C. Where a value is one of several classes (an event, a change, an
outcome) it carries the name of its class as `type`; the members of such a union are read from the union, so that a new one needs nothing
here. Fields that were added since something was written take their defaults; fields that are known no more are passed over.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Final, Generic, Literal, TypeVar, Union, cast

import msgspec
from msgspec import Raw
from msgspec.json import Decoder, Encoder

T = TypeVar("T")

_Convert = Callable[[Any], Any]
"""From a value to one that is nearer to JSON, or back. None in its place means: nothing to do."""

_DECODER: Final = Decoder()


def _plainer(value: object) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"a {type(value).__name__} cannot be recorded")


_ENCODER: Final = Encoder(enc_hook=_plainer)


def encode_json(value: object) -> str:
    """This plain *value* (what JSON knows, dataclasses, times) as JSON. What is no Unicode in it is replaced, never refused."""
    return _bytes(value).decode()


def decode_json(text: str | bytes) -> Any:
    """What this JSON *text* says, as plain values."""
    return _DECODER.decode(text)


def _bytes(value: object) -> bytes:
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        return _ENCODER.encode(_without_surrogates(value))


def _without_surrogates(value: object) -> Any:
    """This *value* with half characters, which no text file can hold, replaced: a broken log line must not stop the record."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if is_dataclass(value):
        return {each.name: _without_surrogates(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {_without_surrogates(name): _without_surrogates(inner) for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_without_surrogates(inner) for inner in value]
    return value


class Coding(Generic[T]):
    """How values of one type are written and read. *type* may be a dataclass, a union of dataclasses, a tuple or a mapping of such."""

    __slots__ = ("_read", "_write")

    def __init__(self, type: Any) -> None:
        self._write = writing(type)
        self._read = reading(type)

    def encode(self, value: T) -> str:
        """This *value* as JSON."""
        return encode_json(value if self._write is None else self._write(value))

    def decode(self, text: str | bytes) -> T:
        """The value that this JSON *text* says. Raises ValueError or KeyError for what is not one."""
        return self.plainly(_DECODER.decode(text))

    def plainly(self, value: Any) -> T:
        """The value that these plain values, decoded already, say."""
        return cast("T", value if self._read is None else self._read(value))


# --- what types are made of -----------------------------------------------------------


@cache
def hints(cls: type) -> dict[str, Any]:
    """The types of the fields of this dataclass. What the model calls `Json` is anything."""
    return typing.get_type_hints(cls, localns={"Json": Any})


def members(type: Any) -> tuple[Any, ...]:
    """The dataclasses of a union of several; none for any other *type*."""
    if typing.get_origin(type) not in (Union, types.UnionType):
        return ()
    found = tuple(each for each in typing.get_args(type) if is_dataclass(each))
    return found if len(found) > 1 else ()


def _optional(type: Any) -> Any:
    """What is meant where None is allowed beside one other type; None for any other *type*."""
    if typing.get_origin(type) not in (Union, types.UnionType):
        return None
    others = [each for each in typing.get_args(type) if each is not types.NoneType]
    return others[0] if len(others) == 1 and len(typing.get_args(type)) == 2 else None


def _where_there(convert: _Convert) -> _Convert:
    return lambda value: None if value is None else convert(value)


def _each(convert: _Convert, sequence: _Convert) -> _Convert:
    return lambda value: sequence([convert(each) for each in value])


def _each_named(convert: _Convert) -> _Convert:
    return lambda value: {name: convert(each) for name, each in value.items()}


# --- writing --------------------------------------------------------------------------


@cache
def writing(type: Any) -> _Convert | None:
    """What has to be done to a value of this *type* before msgspec takes it; None for nothing."""
    if members(type):
        return _writing_one_of(members(type))
    origin, arguments = typing.get_origin(type), typing.get_args(type)
    inner = _optional(type)
    if inner is not None:
        write = writing(inner)
        return None if write is None else _where_there(write)
    if origin is tuple and len(arguments) == 2 and arguments[1] is ...:
        write = writing(arguments[0])
        return None if write is None else _each(write, list)
    if origin is tuple and any(writing(each) for each in arguments):
        raise TypeError(f"how to write {type} is not known")
    if _is_mapping(origin):
        write = writing(arguments[1])
        return None if write is None else _each_named(write)
    if is_dataclass(type):
        return _writing_fields(type)
    return None


def _writing_fields(cls: Any) -> _Convert | None:
    to_write = {name: writing(hint) for name, hint in hints(cls).items()}
    if not any(to_write.values()):
        return None
    plan = tuple((each.name, to_write[each.name]) for each in fields(cls))
    return lambda value: {name: getattr(value, name) if write is None else write(getattr(value, name)) for name, write in plan}


def _writing_one_of(classes: tuple[Any, ...]) -> _Convert:
    """The value's class goes first, in the same object as its fields."""
    prefixes = {cls: f'{{"type":"{cls.__name__}",'.encode() for cls in classes}
    writers = {cls: _writing_fields(cls) for cls in classes}
    clash = [cls.__name__ for cls in classes if "type" in hints(cls)]
    if clash:
        raise TypeError(f"a field called `type` has no place beside the name of the class: {clash}")

    def write(value: Any) -> Raw:
        cls = type(value)
        fields_of = writers[cls]
        body = _bytes(value if fields_of is None else fields_of(value))
        return Raw(prefixes[cls] + body[1:] if len(body) > 2 else prefixes[cls][:-1] + b"}")

    return write


# --- reading --------------------------------------------------------------------------


@cache
def reading(type: Any) -> _Convert | None:
    """What has to be done to a decoded value for it to be of this *type*; None for nothing."""
    if members(type):
        return _reading_one_of(members(type))
    if type is datetime:
        return datetime.fromisoformat
    if type is timedelta:
        return lambda value: msgspec.convert(value, timedelta)
    if type is date:
        return date.fromisoformat
    origin, arguments = typing.get_origin(type), typing.get_args(type)
    inner = _optional(type)
    if inner is not None:
        read = reading(inner)
        return None if read is None else _where_there(read)
    if origin is tuple:
        return _reading_tuple(arguments)
    if _is_mapping(origin):
        read = reading(arguments[1])
        return None if read is None else _each_named(read)
    if is_dataclass(type):
        return _reading_fields(type)
    if type in (str, int, float, bool, Any, types.NoneType) or origin in (Literal, Union, types.UnionType):
        return None
    raise TypeError(f"how to read a {type} is not known")


def _reading_tuple(arguments: tuple[Any, ...]) -> _Convert:
    if len(arguments) == 2 and arguments[1] is ...:
        read = reading(arguments[0])
        return tuple if read is None else _each(read, tuple)
    several = [reading(each) for each in arguments]
    return lambda value: tuple(each if read is None else read(each) for read, each in zip(several, value, strict=True))


def _reading_fields(cls: Any) -> _Convert:
    to_read = {name: reading(hint) for name, hint in hints(cls).items()}
    plan = tuple((each.name, to_read[each.name]) for each in fields(cls))
    defaults = {each.name: each for each in fields(cls) if each.default is not MISSING or each.default_factory is not MISSING}

    def read(value: Any) -> Any:
        try:
            return cls(*[value[name] if read is None else read(value[name]) for name, read in plan])
        except KeyError:
            absent = [name for name, _ in plan if name not in value and name not in defaults]
            if absent:
                raise ValueError(f"a recorded {cls.__name__} has no `{absent[0]}`") from None
            there = {name: value[name] if read is None else read(value[name]) for name, read in plan if name in value}
            return cls(**there)

    return read


def _reading_one_of(classes: tuple[Any, ...]) -> _Convert:
    readers = {cls.__name__: _reading_fields(cls) for cls in classes}

    def read(value: Any) -> Any:
        known = readers.get(value.get("type"))
        if known is None:
            raise ValueError(f"what a recorded `{value.get('type')}` means is not known to this version")
        return known(value)

    return read


def _is_mapping(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, Mapping)

"""Options that several verbs share, and the types of their values."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from watchbill.cli.answer import Session

F = TypeVar("F", bound=Callable[..., Any])

if TYPE_CHECKING:
    # Generic for type checkers only: it is a plain class in the oldest click we run on.
    MomentType = click.ParamType[datetime]
    LengthType = click.ParamType[timedelta]
else:
    MomentType = LengthType = click.ParamType

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|z|[+-]\d\d:\d\d)", re.ASCII)
_YEARS: Final = range(1970, 2201)


class Moment(MomentType):
    """A time as RFC 3339 writes it, with ``Z`` or an offset; seconds may be left out."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The instant in UTC."""
        if isinstance(value, datetime):
            return value
        if not _TIME.fullmatch(value):
            self.fail(
                f"{_shown(value)} is not a time with its offset. Write it as 2026-11-23T03:12:00Z or 2026-11-23T04:12+01:00.", param, ctx
            )
        try:
            moment = datetime.fromisoformat(value.upper().replace("Z", "+00:00"))
            instant = moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{_shown(value)} is a time that does not exist. Write it as 2026-11-23T03:12:00Z.", param, ctx)
        if moment.year not in _YEARS or instant.year not in _YEARS:
            self.fail(f"{_shown(value)} is not between 1970 and 2200.", param, ctx)
        return instant


class Length(LengthType):
    """A duration as policies write it, above zero."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The duration."""
        from watchbill.expressions.durations import parse_duration
        from watchbill.expressions.problems import ExpressionError

        if isinstance(value, timedelta):
            return value
        try:
            length = parse_duration(value)
        except ExpressionError:
            self.fail(f"{_shown(value)} is not a duration. Write it as 12h, 7d or 2w.", param, ctx)
        if not length:
            self.fail("a duration of nothing shows nothing.", param, ctx)
        return length


def _shown(value: str) -> str:
    """What was given, in quotes; of a text that was pasted by mistake only the beginning."""
    return repr(value if len(value) <= 60 else f"{value[:59]}…")


def common(function: F) -> F:
    """Add what every verb understands, said before the verb or after it: ``--color`` and ``--debug``."""
    color = click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        envvar="WATCHBILL_COLOR",
        expose_value=False,
        callback=_color,
        help="Use colours: auto is on a terminal only, and not where NO_COLOR is set.",
    )
    debug = click.option(
        "--debug",
        is_flag=True,
        envvar="WATCHBILL_DEBUG",
        expose_value=False,
        callback=_debug,
        help="On an error, also show where in the code it was.",
    )
    return color(debug(function))


def _color(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(Session).color = value


def _debug(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Session).debug = True


def formats(verb: str, *choices: str) -> Callable[[F], F]:
    """The ``--format`` of this *verb*; the first of *choices* is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(choices),
        default=choices[0],
        show_default=True,
        envvar=[f"WATCHBILL_{verb.upper()}_FORMAT", "WATCHBILL_FORMAT"],
        help="How to write the answer.",
    )


def policies(verb: str) -> Callable[[F], F]:
    """The ``--policies`` of this *verb*."""
    return click.option(
        "--policies",
        type=click.Path(),
        metavar="DIR",
        envvar=[f"WATCHBILL_{verb.upper()}_POLICIES", "WATCHBILL_POLICIES"],
        help="A folder in the policy repository; by default the current one. The nearest watchbill.yaml at or above it counts.",
    )


width = click.option(
    "--width",
    type=click.IntRange(20, 1000),
    metavar="N",
    help="How many columns to use; by default those of the terminal, or 80.",
)


def stopwatch() -> float:
    """Seconds on a clock that only serves to say how long something took."""
    return time.perf_counter()


def now() -> datetime:
    """The present moment, to the second."""
    return wall().replace(microsecond=0)


def wall() -> datetime:
    """The present moment as the machine's clock has it. The one place where watchbill asks what time it is."""
    return datetime.now(UTC)

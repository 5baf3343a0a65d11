"""How a value becomes text, and how that text is escaped for where it goes."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, get_args
from urllib.parse import quote

from watchbill.expressions.problems import TemplateRefused

Escaping = Literal["none", "promql", "html", "mrkdwn", "header", "url", "argv"]
"""Where a filled-in text goes."""

ESCAPES: Final[tuple[Escaping, ...]] = get_args(Escaping)

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


def shown(value: Any) -> str:
    """The text of a *value*: a text as it is, everything else as JSON has it."""
    if value.__class__ is str:
        return str(value)
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)


def escape(text: str, how: Escaping) -> str:
    """This *text*, made safe for where it goes.

    - ``promql``: a double-quoted string of PromQL or LogQL;
    - ``html``: HTML, between tags or in a quoted attribute;
    - ``mrkdwn``: a message of Slack, where it mentions nobody and links to nothing;
    - ``header``: a header of mail or HTTP: one line;
    - ``url``: one part of a URL;
    - ``argv``: a word of a command, where it is no option; one that begins with ``-`` is refused.
    """
    return _HOW[how](text)


def _promql(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _mrkdwn(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _header(text: str) -> str:
    return _CONTROLS.sub(" ", text).strip(" ")


def _url(text: str) -> str:
    return quote(text.encode("utf-8", "replace"), safe="")


def _argv(text: str) -> str:
    if text.startswith("-"):
        raise TemplateRefused(
            "a value begins with `-`, and the command would read it as an option", "give it behind `=`, or check the label"
        )
    if "\0" in text:
        raise TemplateRefused("a value holds a null character, which no command takes", "check the label")
    return text


_HOW: Final[dict[Escaping, Callable[[str], str]]] = {
    "none": lambda text: text,
    "promql": _promql,
    "html": html.escape,
    "mrkdwn": _mrkdwn,
    "header": _header,
    "url": _url,
    "argv": _argv,
}

"""Taking secrets and personal data out of whatever is recorded, logged or shown.

Rule 1: what a connector was given as a secret never leaves it, in none of the forms in which it travels (quoted for an
address, in base64, as JSON writes it). Shorter than four characters it could not be told from any other text, and is left.
Rule 2: what looks like a secret or like somebody's address or number is taken out too, whoever sent it.
Rule 3: every pattern is run by RE2, whose time grows with the length of the text and with nothing else.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import quote, quote_plus

from watchbill.model.references import Json
from watchbill.policy.secrets import KNOWN

SECRET: Final = "[secret]"
EMAIL: Final = "[e-mail address]"
PHONE: Final = "[phone number]"

SHORTEST: Final = 4
"""Characters below which a secret cannot be looked for."""
_SHORTEST_LINE: Final = 8

_EMAIL: Final = r"[\pL\pN._%+-]+@[\pL\pN-]+(?:\.[\pL\pN-]+)+"
_PHONE: Final = (
    r"(^|[^\pL\pN+])"
    r"(?:\+[1-9](?:[ ().-]{0,2}[0-9]){6,14}"  # with its country, however it is written
    r"|\([0-9]{3}\) ?[0-9]{3}-[0-9]{4}|[0-9]{3}-[0-9]{3}-[0-9]{4})"  # as North America writes it
    r"\b"
)
_KEY_BLOCK: Final = r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)"
OUR_MESSAGE: Final = "wb-"
"""What the `Message-ID` of a mail of ours begins with: it is written as an address is, and is nobody's."""


class Redactor:
    """Takes these *secrets*, and personal data, out of texts and values."""

    __slots__ = ("_forms",)

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms = tuple(sorted(_forms(tuple(secrets)), key=lambda form: (-len(form), form)))

    def text(self, text: str) -> str:
        """The *text* with what nobody else should read replaced by a word for it."""
        text = text.encode("utf-8", "replace").decode("utf-8")
        for form in self._forms:
            text = text.replace(form, SECRET)
        email, phone, known, block = _patterns()
        text = known.sub(SECRET, block.sub(SECRET, text))
        if "@" in text:
            text = email.sub(lambda found: found[0] if found[0].startswith(OUR_MESSAGE) else EMAIL, text)
        return str(phone.sub(lambda found: found[1] + PHONE, text))

    def json(self, value: Json) -> Json:
        """The *value* with all its texts redacted, the keys of mappings too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.json(each) for key, each in value.items()}
        if isinstance(value, Iterable):
            return [self.json(each) for each in value]
        return value

    def line(self, text: str, most: int = 300) -> str:
        """The *text* redacted, on one line of at most *most* characters: what an error may quote of an answer."""
        line = " ".join("".join(each if each.isprintable() else " " for each in self.text(text[: 16 * most])).split())
        return line if len(line) <= most else f"{line[: most - 1]}…"


@cache
def _patterns() -> tuple[Any, Any, Any, Any]:
    import re2

    return re2.compile(_EMAIL), re2.compile(_PHONE), re2.compile(KNOWN), re2.compile(_KEY_BLOCK)


def _forms(secrets: tuple[str, ...]) -> set[str]:
    """Every form in which one of the *secrets* may come back."""
    parts = {part for secret in secrets for part in _parts(secret)}
    forms = {form for part in parts for form in _written(part)}
    # A name and its password travel together, in base64.
    forms |= {form for one in secrets for other in secrets for form in _base64(f"{one}:{other}")}
    return {form for form in forms if len(form) >= SHORTEST}


def _parts(secret: str) -> Iterator[str]:
    yield secret
    yield secret.strip()
    lines = secret.splitlines()
    if len(lines) > 1:
        yield from (line.strip() for line in lines if len(line.strip()) >= _SHORTEST_LINE)
    for word in secret.split():
        if word.startswith("whsec_"):
            yield from (word, word.removeprefix("whsec_"))


def _written(secret: str) -> Iterator[str]:
    quoted = quote(secret, safe="", errors="replace")
    plus = quote_plus(secret, errors="replace")
    yield from (secret, quoted, quoted.lower() if "%" in quoted else quoted, plus)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
    if len(secret) >= _SHORTEST_LINE:
        yield from _base64(secret)


def _base64(text: str) -> Iterator[str]:
    encoded = text.encode("utf-8", "replace")
    for each in (base64.b64encode(encoded), base64.urlsafe_b64encode(encoded)):
        yield each.decode("ascii").rstrip("=")

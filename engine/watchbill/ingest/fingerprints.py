"""The identity of an alert, the same that Prometheus and Alertmanager give it.

It is the 64-bit FNV-1a hash over the names in order, each name and each value followed by the byte 0xFF, which no
UTF-8 text contains. `hash = (hash ^ byte) * PRIME` looks at the last eight bits of the hash only, so what a text does to
the rest is one multiplication and one addition that depend on those bits and the text. These two numbers are
remembered for texts seen before: labels repeat far more than they vary.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from watchbill.model.labels import Labels

_START: Final = 0xCBF29CE484222325
_PRIME: Final = 0x100000001B3
_MASK: Final = 0xFFFFFFFFFFFFFFFF
_LONGEST_REMEMBERED: Final = 256


def fingerprint(labels: Labels) -> str:
    """The identity of an alert with these *labels*, as sixteen hexadecimal digits."""
    total = _START
    for name in sorted(labels):
        value = labels[name]
        step = _step if len(value) <= _LONGEST_REMEMBERED else _worked_out
        factor, summand = step(total & 0xFF, name, value)
        total = (total * factor + summand) & _MASK
    return f"{total:016x}"


def _worked_out(low: int, name: str, value: str) -> tuple[int, int]:
    """What a label does to any hash that ends in these eight bits: a factor and a summand."""
    text = b"%b\xff%b\xff" % (name.encode(), value.encode())
    total = low
    for byte in text:
        total = ((total ^ byte) * _PRIME) & _MASK
    factor = pow(_PRIME, len(text), _MASK + 1)
    return factor, (total - low * factor) & _MASK


_step = lru_cache(maxsize=16_384)(_worked_out)

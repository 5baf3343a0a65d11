"""Whether a text looks like a secret.

It errs on the side of silence: a name, an address or a query must never be called a secret, since the finding stops
a merge. What has a well-known beginning, and what is long, random and alone, is one.
"""

from __future__ import annotations

import re
from typing import Final

_KNOWN: Final = re.compile(
    r"xox[a-z]-[A-Za-z0-9-]{10,}"  # Slack
    r"|xapp-[A-Za-z0-9-]{10,}"
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}"
    r"|glpat-[A-Za-z0-9_-]{20,}"
    r"|glsa_[A-Za-z0-9_]{20,}|glc_[A-Za-z0-9+/=]{20,}"  # Grafana
    r"|wb_[A-Za-z0-9_-]{40,}"  # a token of watchbill's server
    r"|AKIA[A-Z0-9]{16}|ASIA[A-Z0-9]{16}"
    r"|AIza[A-Za-z0-9_-]{30,}"
    r"|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
    r"|sk-[A-Za-z0-9_-]{20,}|[rs]k_live_[A-Za-z0-9]{16,}"
    r"|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."  # a JSON web token
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|hooks\.slack\.com/services/[A-Z0-9]+/[A-Z0-9]+/"
    r"|://[^/\s:@{}]+:[^/\s:@{}]+@"  # a password in an address
    r"|\b(?:Bearer|Basic) +[A-Za-z0-9+/_.=-]{16,}"
)
KNOWN: Final = _KNOWN.pattern
"""What has a well-known beginning, as a pattern that RE2 takes too: whatever is recorded is searched with it."""
_ALONE: Final = re.compile(r"[0-9a-fA-F]{32,}|[A-Za-z0-9+/_-]{40,}={0,2}")
_PUBLIC: Final = re.compile(r"AC[0-9a-f]{32}")
"""Long and random, and no secret: an account of Twilio's, which is a name."""
_TELLING: Final = re.compile(
    r"(?:^|[_-])(?:token|password|passwd|secret|api_?key|auth_?key|routing_?key|private_?key|credentials?)$", re.IGNORECASE
)
_REFERENCE: Final = re.compile(r"(?:env|file)/\S+")


def is_reference(text: str) -> bool:
    """Whether this *text* refers to a secret (``env/NAME``, ``file/NAME``) and is none itself."""
    return _REFERENCE.fullmatch(text) is not None


def looks_secret(text: str) -> bool:
    """Whether this *text* is, or holds, what only its owner should know."""
    if len(text) < 16 or _PUBLIC.fullmatch(text):
        return False
    if _KNOWN.search(text):
        return True
    return _ALONE.fullmatch(text) is not None and any(map(str.isdigit, text)) and any(map(str.isalpha, text)) and len(set(text)) > 10


def names_secret(key: str) -> bool:
    """Whether a *key* is what people call a secret: ``token``, ``api_key``, ``smtp_password``."""
    return _TELLING.search(key) is not None

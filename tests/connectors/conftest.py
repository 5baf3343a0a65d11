"""What tests of connectors share: a loop, ways out that lead to this machine only, certificates, and a folder that anybody may read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import trustme

from tests.connectors.makers import AUTHORITY, Ways, ways


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return AUTHORITY


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that programs can read and write whoever they run as."""
    with tempfile.TemporaryDirectory(prefix="watchbill-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


@pytest.fixture
def out() -> Ways:
    """Ways out that lead to this machine only."""
    return ways()


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return {}

"""How hypothesis looks for examples.

`ci` is what everybody runs: the same examples each time, so that a failing test is a change and never chance.
`long` looks for new ones, many more: `make test-long`.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A busy machine is no fault of the code, so neither a deadline nor slow data fails a test.
_PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "database": None}

settings.register_profile("ci", derandomize=True, **_PATIENT)
settings.register_profile("long", max_examples=2_000, print_blob=True, **_PATIENT)
settings.load_profile("ci")

"""The engine: alerts in, decisions made and recorded, steps carried out, outcomes back in through the one door.

`engine` is the whole; `deciding` is the transaction around one decision, `ingesting` what becomes of one request's alerts,
`performing` carries steps out, `calls` says which calls a step is, `policies` which definitions an incident goes by, `recovering`
what an earlier life left behind, `steady` the time, and `last_resort` how the engine says that it is itself in trouble.
"""

from __future__ import annotations

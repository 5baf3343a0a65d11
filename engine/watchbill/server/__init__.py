"""The server: an ASGI application over the engine. Alerts come in, people act and read, other programs look on.

Rule 1: 2xx says that what was sent is in the record for good. Until then nothing is promised.
Rule 2: what comes in is bounded before it is read: its size, its time, how much of it at once.
Rule 3: every act is somebody's. Who that is, a token says; where there is none, what is recorded says that it is unproven.
Rule 4: an answer that is no success has one shape everywhere: `{"error": {"rule", "message", "help"}}`.
Rule 5: the record is read in threads, never on the event loop; and nothing here decides anything.
"""

"""The outside world: one file a kind of system, each with what it can do as data.

Rule 1: a file exports one `TYPE`. What it says of an action (whether it only reads, may be repeated,
reaches a person; how text is escaped) is a promise about the real system, and the engine acts on it.
Rule 2: nothing here knows a policy. Which actions are used, and with what, is written by teams.
Rule 3: where a message goes is an argument; what it says is `subject` and `text`. Whoever leaves those
out gets the page's or the update's own words, so that a contact and an audience need only say where.
"""

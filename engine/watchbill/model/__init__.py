"""The nouns: what an alert, a person, a policy, an incident and a plan are.

Rule 1: values only. Everything here is frozen, and nothing here reads a clock, a file or a socket.
Rule 2: the standard library only; nothing compiled. Conditions and templates are kept as syntax trees and texts.
Rule 3: order is part of a value. Sequences are tuples, never sets, so that two runs agree.
"""

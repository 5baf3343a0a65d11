"""The judgement: what an alert means under the policies, and what follows from it.

Rule 1: pure. Told the time, reading nothing, writing nothing, waiting for nothing.
Rule 2: a decision brings its reasons. Nobody works them out a second time.
Rule 3: one door (`judging.decide`), one loop that runs it forward (`playing.play`).
"""

from watchbill.decide.bill import Bill
from watchbill.decide.correlating import correlate
from watchbill.decide.judging import decide
from watchbill.decide.playing import Moment, play

__all__ = ["Bill", "Moment", "correlate", "decide", "play"]

"""How plans, findings and schedules are shown: text for a terminal, Markdown, JSON, calendars.

Rule 1: everything here is a function of values to a string or to plain JSON data. Nothing prints, reads or asks the time.
Rule 2: what comes from an alert or a policy is data. It passes `plain` before a terminal sees it, `escape` before Markdown does.
Rule 3: colour repeats what the words say. Without it nothing is lost.
"""

from typing import Final

API_VERSION: Final = "watchbill/v1"
"""What every JSON document that is printed carries as its `apiVersion`."""

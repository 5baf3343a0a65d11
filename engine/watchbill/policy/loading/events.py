"""Which of PyYAML's two parsers reads a text."""

from __future__ import annotations

from typing import Any


def event_parser(text: str) -> Any:
    """PyYAML's parser over this *text*: the one in C, or the same in Python where PyYAML was built without it."""
    try:
        from yaml.cyaml import CParser  # type: ignore[attr-defined] # its stubs do not say that they export it
    except ImportError:
        return python_event_parser(text)
    return CParser(text)


def python_event_parser(text: str) -> Any:
    """PyYAML's parser in Python over this *text*."""
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class PythonParser(Reader, Scanner, Parser):
        def __init__(self, text: str) -> None:
            Reader.__init__(self, text)
            Scanner.__init__(self)
            Parser.__init__(self)

    return PythonParser(text)

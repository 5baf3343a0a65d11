"""Matchers, conditions, patterns, templates and durations: the small languages inside policies.

Rule 1: text is parsed once and refused with an `ExpressionError`; nothing else is ever raised for bad text.
Rule 2: a public language keeps its meaning. Matchers are Alertmanager's, conditions JMESPath, patterns RE2, templates Jinja2.
Rule 3: what runs for each alert is compiled: a plain function of the labels or of the context.
"""

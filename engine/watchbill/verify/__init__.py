"""Policies tried before they are merged: policy tests, what they cover, and incidents told as a timeline.

Rule 1: nothing is decided here. Cases are played by `decide`, and what is said of them stands in their decisions.
Rule 2: what came of it is data (`watchbill.model.testing`); `report` shows it.
"""

"""From the files of a repository to raw documents that know where every value was written.

`placed` holds the values, `parsing` makes them of one file, `scalars` knows what a word in it means, `syntax` says what
is wrong with a text that is no YAML, `reading` finds the files of a repository.
"""

from __future__ import annotations

from watchbill.policy.loading.placed import Loaded, PlacedDict, PlacedList, RawDocument, from_json, to_json
from watchbill.policy.loading.reading import PolicyFiles, load_files, load_repository, load_text, read_policy_files

__all__ = [
    "Loaded",
    "PlacedDict",
    "PlacedList",
    "PolicyFiles",
    "RawDocument",
    "from_json",
    "load_files",
    "load_repository",
    "load_text",
    "read_policy_files",
    "to_json",
]

"""watchbill: incident response as reviewed, tested, versioned YAML, and an engine that carries it out."""

__version__ = "0.1.0"

HOME = "https://watchbill.example.com"
"""Where the project lives. It is said here and nowhere else: links in reports and the `$id` of every schema begin with it."""

DOCS = f"{HOME}/docs"
"""Where the folder `docs/` can be read."""

SCHEMAS = f"{HOME}/schemas/v1"
"""What the `$id` of every schema begins with."""

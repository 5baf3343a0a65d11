"""watchbill: incident response as reviewed, tested, versioned YAML, and an engine that carries it out."""

__version__ = "0.1.0"

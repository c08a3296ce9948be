"""BatchOps: a console for batch operations."""

__version__ = "0.1.0"

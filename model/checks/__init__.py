"""Rules on the mesh as a whole. One rule is one function; the registry runs them all."""

from model.checks.registry import run

__all__ = ["run"]

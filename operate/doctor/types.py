"""The plain types of doctor."""

from collections.abc import Mapping
from typing import Any

Object = Mapping[str, Any]
"""A Kubernetes object as its API server returns it, or a record of Istio's debug pages."""

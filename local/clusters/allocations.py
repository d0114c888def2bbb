"""What the lab allocates to a cluster: addresses on the WAN and ports on the host's loopback."""

from collections.abc import Collection
from typing import Protocol


class Allocations(Protocol):
    """The addresses and ports of one cluster. Each stays the same across restarts of the lab."""

    def address(self, service: str, taken: Collection[str], held: str | None) -> str:
        """The LoadBalancer address of `service` (namespace/name): the reserved one for the east-west gateway,
        else `held` if it is still free, else the lowest that is not `taken`. Raises LabError."""

    def port(self, subject: str) -> int:
        """The loopback port that leads to `subject` ("api" or namespace/service:port). Raises LabError."""

    def release(self, subject: str) -> int:
        """Releases the port of `subject` and returns it."""

    def ports(self) -> list[int]:
        """Every loopback port of this cluster."""

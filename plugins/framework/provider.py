"""A provider: its name, its version and the handlers of its resource types."""

from __future__ import annotations

from collections.abc import Mapping

from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.errors import ResourceError
from hybrid_mesh.plugins.framework.handler import Checked, Diff, ResourceHandler
from hybrid_mesh.plugins.framework.values import Properties


class Provider:
    """Serves resources of the types in `handlers` (token -> handler). Override the methods for the
    provider's own inputs as needed."""

    def __init__(self, name: str, version: str, handlers: Mapping[str, ResourceHandler]) -> None:
        self.name = name
        self.version = version
        self._handlers = dict(handlers)

    def handler(self, token: str) -> ResourceHandler:
        """The handler of a resource type. Raises ResourceError for an unknown type."""
        if token not in self._handlers:
            raise ResourceError(f"the plug-in {self.name} {self.version} has no resource type {token}")
        return self._handlers[token]

    def check_config(self, olds: Properties, news: Properties, context: CallContext) -> Checked:
        """Validates the provider's own inputs."""
        del olds, context
        return Checked(news)

    def diff_config(self, old_inputs: Properties, news: Properties, context: CallContext) -> Diff:
        """Compares the provider's own inputs. `replaces` would replace all resources of the provider."""
        del context
        return Diff.of_inputs(old_inputs, news)

    def configure(self, inputs: Properties, context: CallContext) -> None:
        """Sets the provider's inputs, once, before any resource. Must not fail if a server is unreachable."""

    def invoke(self, token: str, arguments: Properties, context: CallContext) -> Properties:
        """Runs a function. Raises ResourceError for an unknown function."""
        del arguments, context
        raise ResourceError(f"the plug-in {self.name} has no function {token}")

"""The stand-in of the kubernetes plug-in, but for the one release that needs the real Amazon: its load
balancer controller, whose work the lab does by itself.
"""

from __future__ import annotations

from pathlib import Path

from plugins.framework.calls import CallContext
from plugins.framework.handler import Checked, Created, Diff, ReadState, ResourceHandler
from plugins.framework.server import serve
from plugins.framework.values import UNKNOWN, Properties
from plugins.kubernetes_standin.provider import RELEASE, KubernetesProvider
from plugins.kubernetes_standin.release import ReleaseHandler

CONTROLLER = "aws-load-balancer-controller"


class Release(ReleaseHandler):
    """A release; Amazon's controller is only said to be there."""

    def check(self, olds: Properties, news: Properties, context: CallContext) -> Checked:
        return Checked(news) if _apart(news) else super().check(olds, news, context)

    def diff(
        self,
        identity: str,
        old_outputs: Properties,
        old_inputs: Properties,
        news: Properties,
        context: CallContext,
    ) -> Diff:
        if _apart(news):
            return Diff.of_inputs(old_inputs, news)
        return super().diff(identity, old_outputs, old_inputs, news, context)

    def create(self, inputs: Properties, *, preview: bool, timeout: float, context: CallContext) -> Created:
        if not _apart(inputs):
            return super().create(inputs, preview=preview, timeout=timeout, context=context)
        status = {"name": CONTROLLER, "namespace": inputs["namespace"], "status": "deployed"}
        if preview:
            return Created("", {**inputs, "status": UNKNOWN})
        return Created(f"{inputs['namespace']}/{CONTROLLER}", {**inputs, "status": status})

    def read(
        self, identity: str, inputs: Properties, outputs: Properties, context: CallContext
    ) -> ReadState | None:
        if _apart(inputs):
            return ReadState(identity, inputs, outputs)
        return super().read(identity, inputs, outputs, context)

    def delete(
        self, identity: str, outputs: Properties, inputs: Properties, *, timeout: float, context: CallContext
    ) -> None:
        if not _apart(inputs):
            super().delete(identity, outputs, inputs, timeout=timeout, context=context)


class ProviderInTheLab(KubernetesProvider):
    def handler(self, token: str) -> ResourceHandler:
        found = super().handler(token)
        if token == RELEASE and isinstance(found, ReleaseHandler):
            return Release(found._cluster, Path.cwd())
        return found


def _apart(inputs: Properties) -> bool:
    return inputs.get("chart") == CONTROLLER


if __name__ == "__main__":
    serve(ProviderInTheLab())

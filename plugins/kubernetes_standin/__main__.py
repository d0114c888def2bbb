"""The entry point of `bin/pulumi-resource-kubernetes`."""

from plugins.framework.server import serve
from plugins.kubernetes_standin.provider import KubernetesProvider

serve(KubernetesProvider())

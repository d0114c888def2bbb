"""What the toolchain is made of: versions, build flags and the names that depend on the processor."""

import platform
from dataclasses import dataclass
from typing import Final

KUBERNETES_VERSION: Final = "1.35.4"
ISTIO_VERSION: Final = "1.31.0"
ISTIO_COMMIT: Final = "eed52ebb66ad"
PULUMI_VERSION: Final = "3.274.1"
PULUMI_MINIMUM: Final = (3, 259, 0)
"""The oldest Pulumi on PATH that is used instead of building one: `requiredPulumiVersion` of Pulumi.yaml."""
PULUMI_KUBERNETES_VERSION: Final = "4.25.0"
"""The release nearest to the commit that modules/pulumi-kubernetes/go.mod names."""
GO_MINIMUM: Final = (1, 26)
"""The oldest Go on PATH that is used instead of the one of packages.txt."""
GO_RELEASE: Final = "1.26.8"
"""Part of the key of all that Go builds: another release here builds it again, another on PATH does not."""

DEBIAN_SUITE: Final = "bookworm"
DEBIAN_PACKAGES: Final = (
    "systemd",
    "systemd-sysv",
    "dbus",
    "cloud-init",
    "sudo",
    "iptables",
    "iproute2",
    "ca-certificates",
    "curl",
    "procps",
    "hostname",
    "python3",
)

BUILD_GIBIBYTES: Final = 25
"""Free disk that a build needs: Go's module and build caches reach 17 GiB before they are dropped."""
KEPT_GIBIBYTES: Final = 2.6
"""What a whole toolchain takes."""

_STRIP: Final = "-s -w"
_KUBERNETES_INFO: Final = "k8s.io/component-base/version"
_ISTIO_INFO: Final = "istio.io/istio/pkg/version"
_PULUMI_INFO: Final = "github.com/pulumi/pulumi/sdk/v3/go/common/version"


def _define(variable: str, value: str) -> str:
    return f"-X {variable}={value}"


KUBERNETES_LDFLAGS: Final = " ".join(
    [
        _STRIP,
        _define(f"{_KUBERNETES_INFO}.gitVersion", f"v{KUBERNETES_VERSION}"),
        _define(f"{_KUBERNETES_INFO}.gitMajor", KUBERNETES_VERSION.split(".")[0]),
        _define(f"{_KUBERNETES_INFO}.gitMinor", KUBERNETES_VERSION.split(".")[1]),
    ]
)
ISTIO_LDFLAGS: Final = " ".join(
    [
        _STRIP,
        _define(f"{_ISTIO_INFO}.buildVersion", ISTIO_VERSION),
        _define(f"{_ISTIO_INFO}.buildGitRevision", ISTIO_COMMIT),
        _define(f"{_ISTIO_INFO}.buildStatus", "Clean"),
        _define(f"{_ISTIO_INFO}.buildTag", ISTIO_VERSION),
        _define(f"{_ISTIO_INFO}.buildHub", "docker.io/istio"),
    ]
)
PULUMI_LDFLAGS: Final = f"{_STRIP} {_define(f'{_PULUMI_INFO}.Version', f'v{PULUMI_VERSION}')}"
PULUMI_KUBERNETES_LDFLAGS: Final = f"{_STRIP} {_define('main.version', PULUMI_KUBERNETES_VERSION)}"
PLAIN_LDFLAGS: Final = _STRIP


@dataclass(frozen=True)
class Processor:
    """A processor architecture, by the names that each project uses for it."""

    machine: str
    """The kernel's word, as in `uname -m`."""
    debian: str
    """Debian's and the container images' word."""
    triplet: str
    loader: str
    """The dynamic loader's path in a merged-/usr Debian."""


_PROCESSORS: Final = (
    Processor("x86_64", "amd64", "x86_64-linux-gnu", "usr/lib64/ld-linux-x86-64.so.2"),
    Processor("aarch64", "arm64", "aarch64-linux-gnu", "usr/lib/ld-linux-aarch64.so.1"),
)


def processor(machine: str | None = None) -> Processor:
    """The processor called `machine`, by default this host's. Raises `ValueError`."""
    wanted = machine or platform.machine()
    for known in _PROCESSORS:
        if known.machine == wanted:
            return known
    names = " or ".join(known.machine for known in _PROCESSORS)
    raise ValueError(f"the local site requires a {names} processor, this host has {wanted}")

"""The environment in which `pulumi` works on this checkout: for the commands here, and printed by
`hybrid-mesh env`."""

import os
import secrets
import shlex
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hybrid_mesh.cli import official
from hybrid_mesh.local.ownership import logged_in
from hybrid_mesh.local.paths import package_folder, project_folder, state_folder
from hybrid_mesh.local.patience import factor, patient

PATCH_FORCE = "PULUMI_K8S_ENABLE_PATCH_FORCE"
"""What the provider option `enablePatchForce` says to newer kubernetes plug-ins; the toolchain's knows the
variable only (provider/pkg/await/await.go, `patchForce`)."""

FALLBACK = "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER"
"""Lets `pulumi` encrypt with what the state was encrypted with where the stack's file does not say so
(pulumi/sdk/go/common/env/env.go)."""

CLIENT_TIMEOUT = "PULUMI_K8S_CLIENT_TIMEOUT"
"""Seconds that the kubernetes plug-in gives a request; 32 without it (provider/pkg/provider/provider.go)."""


@dataclass(frozen=True)
class PulumiEnvironment:
    """`variables`: what must be set, beside what is. `own_backend`, `own_passphrase`: ours, because the
    user has set none. `replaced`: Pulumi's plug-ins that are not installed, each with the folder of the
    program that is used instead."""

    variables: Mapping[str, str]
    own_backend: Path | None
    own_passphrase: Path | None
    replaced: Mapping[str, Path]

    def merged(self, environment: Mapping[str, str]) -> dict[str, str]:
        return {**environment, **self.variables}

    def lines(self) -> list[str]:
        """`export` lines for a POSIX shell."""
        return [f"export {name}={shlex.quote(value)}" for name, value in sorted(self.variables.items())]

    def notice(self) -> str:
        """One sentence about what is used instead of plug-ins that are not installed; empty for none."""
        used = [f"{_INSTEAD[name]} ({name} is not installed)" for name in self.replaced]
        return f"Using {' and '.join(used)}." if used else ""


_INSTEAD = {
    official.KUBERNETES: "the toolchain's build of Pulumi's Kubernetes plug-in",
    official.PYTHON: "the built-in stand-in of Pulumi's Python language host",
}


def _own_folders() -> dict[str, Path]:
    """The folder of the program that we have for each plug-in of Pulumi's. The kubernetes plug-in is Pulumi's
    own, built by the toolchain; the Python language host is a stand-in."""
    return {
        official.KUBERNETES: project_folder() / ".toolchain" / "plugins",
        official.PYTHON: package_folder() / "plugins" / "python_standin" / "bin",
    }


def pulumi_environment(environment: Mapping[str, str]) -> PulumiEnvironment:
    """What `pulumi` needs on top of `environment` (of this process). Makes the passphrase and the
    backend's folder when they are ours and not there yet, nothing else."""
    toolchain = project_folder() / ".toolchain" / "bin"
    replaced = _replaced(environment, toolchain / "pulumi")
    python = project_folder() / ".venv" / "bin" / "python"
    variables = {
        "PATH": _path(environment, toolchain, replaced.values()),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_PYTHON_CMD": str(python if python.exists() else sys.executable),
    }
    if official.KUBERNETES in replaced:
        # The engine would try to download it, and every other one that is missing, at each command.
        variables["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
        variables[PATCH_FORCE] = "true"
    if factor() not in {None, 1.0}:
        variables[CLIENT_TIMEOUT] = f"{patient(32):.0f}"
    if state := environment.get("HYBRID_MESH_STATE"):
        variables["HYBRID_MESH_STATE"] = state
    backend = _own_backend(environment)
    if backend:
        variables["PULUMI_BACKEND_URL"] = f"file://{backend}"
    passphrase = None if _has_passphrase(environment) else _own_passphrase()
    if passphrase:
        variables["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(passphrase)
        variables[FALLBACK] = "true"
    return PulumiEnvironment(variables, backend, passphrase, replaced)


def _replaced(environment: Mapping[str, str], pulumi: Path) -> dict[str, Path]:
    """Pulumi's plug-ins that are not installed and for which we have something, with its folder."""
    ours = _own_folders()
    installed = {
        official.KUBERNETES: official.has_kubernetes(environment, ours.values()),
        official.PYTHON: official.has_python(environment, ours.values(), pulumi if pulumi.exists() else None),
    }
    return {name: at for name, at in ours.items() if not installed[name] and os.access(at / name, os.X_OK)}


def _path(environment: Mapping[str, str], toolchain: Path, replacements: Iterable[Path]) -> str:
    """The toolchain first, what the user has next, then what must never come before anything of the
    user's."""
    ours = {str(toolchain), *map(str, _own_folders().values())}
    rest = [folder for folder in environment.get("PATH", os.defpath).split(os.pathsep) if folder not in ours]
    return os.pathsep.join([str(toolchain), *rest, *map(str, replacements)])


def _own_backend(environment: Mapping[str, str]) -> Path | None:
    """Our folder for the state; None when the user has chosen a backend, by variable or by `pulumi login`."""
    own = state_folder() / "pulumi"
    chosen = environment.get("PULUMI_BACKEND_URL") or logged_in(environment)
    if chosen and chosen != f"file://{own}":
        return None
    own.mkdir(mode=0o700, exist_ok=True)
    return own


def _has_passphrase(environment: Mapping[str, str]) -> bool:
    own = str(state_folder() / "passphrase")
    if "PULUMI_CONFIG_PASSPHRASE" in environment:
        return True
    return environment.get("PULUMI_CONFIG_PASSPHRASE_FILE", own) not in {own, ""}


def _own_passphrase() -> Path:
    """The file with our passphrase, readable by its owner only; made when it is not there."""
    path = state_folder() / "passphrase"
    if not path.exists():
        new = path.with_name(f"passphrase.{os.getpid()}")
        try:
            new.touch(mode=0o600)
            new.write_text(secrets.token_urlsafe(32))
            new.rename(path)
        finally:  # of a full disk
            new.unlink(missing_ok=True)
    return path

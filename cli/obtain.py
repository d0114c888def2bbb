"""Asks for Pulumi's own kubernetes plug-in: ours stands in only where that cannot be had."""

import os
import subprocess
import time

from cli import official
from cli.console import say
from cli.engine import Engine
from local.paths import cache_folder

OFFLINE = "HYBRID_MESH_OFFLINE"
ASK_AGAIN_SECONDS = 7 * 24 * 3600.0


def obtain_plugins(engine: Engine) -> Engine:
    """The engine with Pulumi's own kubernetes plug-in if it is missing and can be downloaded; else `engine`.

    A download that failed is not tried again for a week, and none is with HYBRID_MESH_OFFLINE=1.
    """
    if official.KUBERNETES not in engine.settings.standins or os.environ.get(OFFLINE) == "1":
        return engine
    version = official.kubernetes_version()
    refused = cache_folder() / f"{official.KUBERNETES}-{version}.refused"
    if refused.exists() and time.time() - refused.stat().st_mtime < ASK_AGAIN_SECONDS:
        return engine
    say(f"    Downloading {official.KUBERNETES} {version}, which is not on this machine.")
    if _install(engine, version):
        refused.unlink(missing_ok=True)
        return Engine.find()
    say(f"    It cannot be had; that is tried again after a week. `{OFFLINE}=1` keeps it from being tried.")
    refused.parent.mkdir(parents=True, exist_ok=True)
    refused.touch()
    return engine


def _install(engine: Engine, version: str) -> bool:
    try:
        return engine.ask("plugin", "install", "resource", "kubernetes", version).returncode == 0
    except subprocess.TimeoutExpired:
        return False

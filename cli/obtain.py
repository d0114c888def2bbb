"""Downloads Pulumi's kubernetes plug-in in the version that the SDK requires. If that fails, the
toolchain's build is used."""

import os
import subprocess
import time

from hybrid_mesh.cli import official
from hybrid_mesh.cli.console import say
from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.local.paths import cache_folder

OFFLINE = "HYBRID_MESH_OFFLINE"
DOWNLOAD_SECONDS = 300.0
"""For about 60 MB."""
DAY_SECONDS = 24 * 3600.0
DAYS_AFTER_REFUSAL = 7
DAYS_AFTER_TIMEOUT = 1


def obtain_plugins(engine: Engine) -> Engine:
    """The engine with Pulumi's own kubernetes plug-in if it is missing and can be downloaded; else `engine`.

    A download that was refused is not tried again for a week, one that took too long not for a day; none is
    tried with HYBRID_MESH_OFFLINE=1.
    """
    if official.KUBERNETES not in engine.settings.replaced or os.environ.get(OFFLINE) == "1":
        return engine
    version = official.kubernetes_version()
    postponed = cache_folder() / f"{official.KUBERNETES}-{version}.postponed"
    if postponed.exists() and time.time() < postponed.stat().st_mtime:
        return engine
    say(f"    Downloading {official.KUBERNETES} {version}, which is not installed.")
    install = ("plugin", "install", "resource", "kubernetes", version)
    try:
        if engine.ask(*install, timeout=DOWNLOAD_SECONDS).returncode == 0:
            postponed.unlink(missing_ok=True)
            return Engine.find()
        outcome, days = "failed", DAYS_AFTER_REFUSAL
    except subprocess.TimeoutExpired:
        outcome, days = f"did not end within {DOWNLOAD_SECONDS:.0f} s", DAYS_AFTER_TIMEOUT
    say(
        f"    The download {outcome}; next attempt in {days} d. To try now: `pulumi {' '.join(install)}`. "
        f"To never try: `{OFFLINE}=1`."
    )
    postponed.touch()
    next_attempt = time.time() + days * DAY_SECONDS
    os.utime(postponed, (next_attempt, next_attempt))
    return engine

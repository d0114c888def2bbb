"""A VM of the site's lab, and what its cluster knows of it."""

from pathlib import Path
from typing import Any

from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.specs import CompletedCommand, MachineInfo
from tests.local.lab_site import Kubectl
from tests.local.mesh.site import Site
from tests.waiting import eventually

GROUP, NAMESPACE, CLUSTER = "legacy", "demo", "east"
TOKEN = "/var/run/secrets/tokens/istio-token"


class Guest:
    """One VM by its name; `kubectl` is its cluster's."""

    def __init__(self, site: Site, name: str, folder: Path) -> None:
        self.name = name
        self._lab = LabClient(site.state)
        cluster, info = self._lab.cluster(CLUSTER), self._lab.machine(name)
        assert cluster is not None
        assert info is not None
        self.info: MachineInfo = info
        self.api_address = cluster.peer_endpoint.removeprefix("https://").removesuffix(":6443")
        self.gateway_address = cluster.gateway_address
        self.kubectl = Kubectl(cluster, folder)

    def sh(self, script: str, timeout: float = 60) -> CompletedCommand:
        return self._lab.machine_shell(self.name, ["sh", "-c", script], timeout)

    def write(self, path: str, text: str) -> None:
        done = self.sh(f"mkdir -p $(dirname {path}) && cat > {path} <<'END OF FILE'\n{text}\nEND OF FILE")
        assert done.returncode == 0, done

    def entry(self, address: str = "") -> dict[str, Any] | None:
        """Its WorkloadEntry."""
        found = self.kubectl.get("-n", NAMESPACE, "workloadentries")["items"]
        wanted = address or self.info.address
        return next((each for each in found if each["spec"]["address"] == wanted), None)

    def healthy(self, address: str = "") -> bool:
        conditions = (self.entry(address) or {}).get("status", {}).get("conditions", [])
        return any(each["type"] == "Healthy" and each["status"] == "True" for each in conditions)

    def await_healthy(self) -> None:
        try:
            eventually(f"{self.name} healthy", self.healthy, 90)
        except AssertionError as failure:
            agent = self.sh("systemctl status --no-pager istio.service; tail -n 30 /var/log/istio/istio.log")
            raise AssertionError(f"{failure}\n{self.entry()}\n{agent.stdout}") from failure

    def await_agent(self) -> None:
        eventually("the agent runs", lambda: self.sh("pgrep envoy").returncode == 0, 90)

    def reboot(self) -> None:
        started = self.sh("stat -c %Y /proc/1").stdout
        self.sh("systemctl --no-block reboot")

        def rebooted() -> bool:
            now = self._lab.machine_shell(self.name, ["stat", "-c", "%Y", "/proc/1"], 10)
            return now.returncode == 0 and now.stdout != started

        eventually("the VM booted again", rebooted, 60, passing=Exception)

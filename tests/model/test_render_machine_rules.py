"""Rules of the texts that VMs are given."""

import ast
import base64
import datetime
import gzip
import random
import re
import shlex
import shutil
import string
import subprocess
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from hybrid_mesh.model.clouds.registry import AWS
from hybrid_mesh.model.config.groups import ApplicationConfig, MachineFileConfig
from hybrid_mesh.model.texts.bundle import EXECUTABLE_FILES, TOKEN_FILE, render_bundle
from hybrid_mesh.model.texts.cloud_init import USER_DATA_LIMIT, UserDataTooLarge, render_user_data
from hybrid_mesh.model.texts.cluster_env import render_cluster_env
from hybrid_mesh.model.texts.hosts import render_hosts
from hybrid_mesh.model.texts.machine_files import ec2_identity
from hybrid_mesh.model.texts.mesh_yaml import render_mesh_yaml
from hybrid_mesh.model.texts.shell_text import render_environment
from tests.commands import PROJECT, run
from tests.model.machine_cases import BOOT, BOOT_WITH_APPLICATION, BUNDLE, SETTINGS

SCRIPTS = PROJECT / "model" / "texts" / "machine_files"


def environment(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in shlex.split(text))


def written(user_data: str) -> dict[str, dict[str, str]]:
    return {entry["path"]: entry for entry in yaml.safe_load(user_data)["write_files"]}


def test_cluster_env_captures_the_ports_of_the_group_only() -> None:
    values = environment(render_cluster_env(SETTINGS))
    assert values["ISTIO_INBOUND_PORTS"] == "8081,9080"
    assert values["ISTIO_LOCAL_EXCLUDE_PORTS"].split(",")[0] == "22"


def test_metadata_service_is_reached_without_envoy() -> None:
    assert environment(render_cluster_env(SETTINGS))["ISTIO_SERVICE_EXCLUDE_CIDR"] == "169.254.169.254/32"


def test_cluster_env_names_no_machine() -> None:
    assert "ISTIO_SVC_IP" not in environment(render_cluster_env(SETTINGS))


def test_agent_takes_new_roots_from_istiod() -> None:
    assert environment(render_cluster_env(SETTINGS))["PROXY_CONFIG_XDS_AGENT"] == "true"
    metadata = yaml.safe_load(render_mesh_yaml(SETTINGS))["defaultConfig"]["proxyMetadata"]
    assert metadata["PROXY_CONFIG_XDS_AGENT"] == "true"


def test_certificates_outlive_a_reboot() -> None:
    values = environment(render_cluster_env(SETTINGS))
    assert values["PROV_CERT"] == values["OUTPUT_CERTS"] == "/etc/certs"


def test_dns_is_captured_only_when_asked_for() -> None:
    off = replace(SETTINGS, dns_capture=False)
    assert "ISTIO_META_DNS_CAPTURE" not in environment(render_cluster_env(off))
    assert "ISTIO_META_DNS_CAPTURE" not in render_mesh_yaml(off)


def test_mesh_yaml_has_no_probe_that_the_group_lacks() -> None:
    config = yaml.safe_load(render_mesh_yaml(replace(SETTINGS, probe=None)))["defaultConfig"]
    assert "readinessProbe" not in config


@pytest.mark.parametrize("value", ["plain", "it's", 'a "b" $c `d` \\e', "", "ü #"])
def test_environment_survives_a_shell(value: str) -> None:
    script = render_environment({"KEY": value}) + 'printf %s "$KEY"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == value


def test_environment_refuses_a_second_line() -> None:
    with pytest.raises(ValueError, match="one line"):
        render_environment({"KEY": "a\nEVIL=1"})


def test_hosts_refuse_a_name() -> None:
    with pytest.raises(ValueError, match=r"lb\.example\.com"):
        render_hosts(("lb.example.com",))
    with pytest.raises(ValueError, match="at least one"):
        render_hosts(())


def test_user_data_holds_no_root_and_no_token() -> None:
    files = written(render_user_data(BOOT))
    assert "/etc/certs/root-cert.pem" not in files
    assert not any("istio-token" in path for path in files)
    assert files["/etc/hybrid-mesh/api-server-ca.pem"]["content"] == BOOT.api_certificate_authority


def test_user_data_is_readable_and_the_same_every_time() -> None:
    text = render_user_data(BOOT_WITH_APPLICATION)
    assert text == render_user_data(BOOT_WITH_APPLICATION)
    assert text.startswith("#cloud-config\n")
    assert "#!/bin/sh\n" in text


def test_application_comes_before_the_agent() -> None:
    commands = yaml.safe_load(render_user_data(BOOT_WITH_APPLICATION))["runcmd"]
    assert commands[0] == ["systemctl", "--quiet", "--no-block", "start", "hybrid-mesh-health.service"]
    assert commands[1] == [
        "/usr/local/lib/hybrid-mesh/fetch",
        "https://example.com/ratings",
        "/usr/local/bin/ratings",
        "0755",
    ]
    assert commands[-1] == ["/usr/local/lib/hybrid-mesh/setup"]
    assert "systemctl --quiet --no-block enable --now 'ratings.service'" in commands[:-1]


def test_application_keeps_its_modes() -> None:
    files = written(render_user_data(BOOT_WITH_APPLICATION))
    assert files["/etc/ratings.conf"]["permissions"] == "0640"
    assert files["/etc/systemd/system/ratings.service"]["permissions"] == "0644"


def test_every_script_that_a_unit_or_script_calls_is_there_and_executable() -> None:
    files = written(render_user_data(BOOT))
    texts = "".join(entry["content"] for entry in files.values())
    called = set(re.findall(r"(?:/usr/local/lib/hybrid-mesh|\$library)/([a-z-]+)\b", texts))
    assert called >= {"identity", "before-istio", "install-package"}
    for name in called:
        assert files[f"/usr/local/lib/hybrid-mesh/{name}"]["permissions"] == "0755"


def test_a_bundle_installs_every_script_that_another_one_calls() -> None:
    files = render_bundle(BUNDLE)
    library = {path for path in files if path.startswith("library/")}
    called = {
        f"library/{name}"
        for path in [*library, "install.sh", "istio.service.conf"]
        for name in re.findall(r"(?:\$library|/usr/local/lib/hybrid-mesh)/([a-z-]+)", files[path])
    }
    assert called <= library
    assert 'install -m 0755 library/* "$library/"' in files["install.sh"]


def test_user_data_beyond_the_limit_is_refused_with_the_remedy() -> None:
    noise = "".join(random.Random(7).choices(string.printable[:62], k=40_000))
    boot = replace(
        BOOT, application=ApplicationConfig(files=(MachineFileConfig(path="/etc/long", content=noise),))
    )
    with pytest.raises(UserDataTooLarge, match=r"group ratings.*set `url` instead") as caught:
        render_user_data(boot)
    assert caught.value.size > USER_DATA_LIMIT


def test_user_data_leaves_most_of_the_limit_to_the_application() -> None:
    assert len(gzip.compress(render_user_data(BOOT).encode())) < USER_DATA_LIMIT // 2


def test_ec2_needs_the_name_of_its_cluster() -> None:
    with pytest.raises(ValueError, match="name of its EKS cluster"):
        AWS.identity_settings("eu-central-1", None)


def test_ec2_token_is_signed_as_botocore_signs_it() -> None:
    """The signature was made once with botocore 1.x (SigV4QueryAuth, service sts) from these very inputs."""
    keys = {
        "AccessKeyId": "ASIAEXAMPLE",
        "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "Token": "FwoGZXIvYXdzEXAMPLE/+token==",
    }
    now = datetime.datetime(2026, 11, 23, 5, 50, tzinfo=datetime.UTC)
    token = ec2_identity.token(keys, "eu-central-1", "west", now)
    assert token.startswith("k8s-aws-v1.")
    encoded = token.removeprefix("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    assert urlsplit(url).hostname == "sts.eu-central-1.amazonaws.com"
    assert url.endswith("X-Amz-Signature=6eddb11baecd5a56b62e2f2ac4fdea6d4e9ce18b9a214c99e414dad65abc25d1")


def test_bundle_holds_no_token_and_its_executables() -> None:
    files = render_bundle(BUNDLE)
    assert TOKEN_FILE not in files
    assert set(EXECUTABLE_FILES) <= files.keys()
    assert all(not path.startswith(("/", "..")) for path in files)


def test_bundle_brings_every_script_that_its_scripts_call() -> None:
    files = render_bundle(BUNDLE)
    texts = "".join(files.values())
    called = set(re.findall(r"(?:/usr/local/lib/hybrid-mesh|\"?\$library)/([a-z-]+)\b", texts))
    assert {f"library/{name}" for name in called} <= files.keys()


@pytest.mark.parametrize("name", ["identity.py", "gce_identity.py", "ec2_identity.py", "health.py"])
def test_scripts_run_on_the_oldest_image(name: str) -> None:
    ast.parse((SCRIPTS / name).read_text(), feature_version=(3, 9))


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.sh")), ids=lambda path: path.name)
def test_shellcheck_finds_nothing(script: Path) -> None:
    run(["shellcheck", "--shell=sh", script])


def test_programs_on_a_vm_have_no_comments_and_still_compile() -> None:
    files = written(render_user_data(BOOT))
    for path, entry in files.items():
        text = entry["content"]
        if text.startswith("#!/bin/sh"):
            assert run(["/bin/sh", "-n", "-c", text], check=False).returncode == 0, path
        elif text.startswith("#!/usr/bin/env python3") or path.endswith(".py"):
            compile(text, path, "exec")
            assert '"""' not in text, path
        if path.startswith(("/usr/local/lib/hybrid-mesh/", "/etc/systemd/")):
            assert not re.search(r"^\s*#(?!!)", text, re.MULTILINE), path

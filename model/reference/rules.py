"""The rules that apply to each section of the configuration.

A section is named as its heading in the reference is: by its path and, for one variant of it, `@` and the
variant. A rule may apply to several sections; tests/model/test_reference.py checks each entry.
"""

from hybrid_mesh.model.checks import RULES
from hybrid_mesh.model.plan import user_data  # noqa: F401 - registers the rule that needs the texts

SECTIONS: dict[str, tuple[str, ...]] = {
    "hybrid-mesh:mesh": (
        "projects_are_project_ids",
        "cloud_stacks_have_an_owner",
        "labels_suit_every_cloud",
        "the_trust_domain_is_valid",
        "trust_domains_fit_into_certificates",
        "addresses_are_not_those_of_examples",
        "projects_are_not_those_of_examples",
    ),
    "istio": (
        "the_istio_release_is_supported",
        "tetrate_names_its_sources",
        "the_hub_is_a_registry",
        "packages_are_downloaded_over_http",
        "local_clusters_get_the_gateway_api",
        "upstream_envoy_is_local",
        "istio_values_do_not_replace_the_plans",
        "istio_values_keep_mappings",
        "proxy_metadata_is_an_environment",
    ),
    "istio.charts": ("chart_sources_match_their_type",),
    "istio.packageSha256": ("packages_without_tls_are_verified",),
    "trust": ("intermediates_end_before_the_root",),
    "trust@files": ("a_flat_key_has_one_purpose",),
    "trust@google-cas": (
        "google_cloud_requires_a_project",
        "cloud_authorities_are_in_a_region",
    ),
    "trust@aws-private-ca": ("cloud_authorities_are_in_a_region",),
    "networks.<name>": (
        "networks_do_not_overlap",
        "networks_have_usable_cidrs",
        "a_network_has_one_kind_of_gateway",
        "vms_are_reachable_from_pods",
        "network_gateways_have_addresses",
    ),
    "networks.<name>@local": (
        "local_networks_do_not_overlap_the_wan",
        "local_networks_are_large_enough",
    ),
    "networks.<name>@external": (
        "allowed_cidrs_are_narrow",
        "allowed_cidrs_are_public",
        "external_networks_have_egress",
    ),
    "networks.<name>@gcp": (
        "google_cloud_requires_a_project",
        "projects_are_project_ids",
        "allowed_cidrs_are_narrow",
        "allowed_cidrs_are_public",
        "regions_belong_to_their_cloud",
        "zones_are_in_their_region",
        "cloud_networks_have_room",
        "nodes_and_machines_have_addresses",
        "gke_cidrs_avoid_the_bridge_of_nodes",
        "only_existing_networks_have_egress",
        "only_networks_with_a_nat_have_nat_addresses",
        "existing_networks_have_valid_ids",
        "existing_networks_are_in_their_project",
    ),
    "networks.<name>@aws": (
        "allowed_cidrs_are_narrow",
        "allowed_cidrs_are_public",
        "regions_belong_to_their_cloud",
        "zones_are_in_their_region",
        "aws_networks_have_two_zones",
        "cloud_networks_have_room",
        "nodes_and_machines_have_addresses",
        "only_existing_networks_have_egress",
        "existing_networks_have_valid_ids",
        "security_groups_have_room_for_rules",
    ),
    "clusters.<name>": (
        "local_clusters_have_local_peers",
        "clusters_are_in_known_networks",
        "clusters_can_be_reached_by_their_peers",
        "a_cluster_is_active",
        "local_clusters_are_in_local_networks",
        "clusters_are_in_their_clouds_networks",
        "derived_names_are_short_enough",
    ),
    "clusters.<name>@local": (
        "one_local_cluster_has_the_default_pod_cidr",
        "pod_cidrs_are_inside_their_network",
        "pod_cidrs_do_not_overlap",
        "service_cidrs_do_not_overlap_the_network",
        "service_cidrs_have_a_valid_size",
        "local_kubernetes_versions_are_built",
        "local_clusters_and_vms_have_different_names",
    ),
    "clusters.<name>@kubeconfig": (
        "a_kubeconfig_has_one_source",
        "kubeconfig_clusters_are_unique",
        "peer_endpoints_can_be_reached",
        "a_flat_key_has_one_purpose",
    ),
    "clusters.<name>@gke": (
        "api_servers_allow_a_supported_number_of_cidrs",
        "private_clusters_can_be_reached",
        "one_gke_cluster_has_the_default_cidrs",
        "gke_cidrs_are_inside_their_network",
        "gke_cidrs_do_not_overlap",
        "gke_cidrs_have_a_valid_size",
        "gke_cidrs_avoid_the_bridge_of_nodes",
        "allowed_cidrs_are_narrow",
        "private_endpoints_allow_private_cidrs",
        "peer_endpoints_can_be_reached",
    ),
    "clusters.<name>@eks": (
        "api_servers_allow_a_supported_number_of_cidrs",
        "private_clusters_can_be_reached",
        "eks_service_cidrs_do_not_overlap_networks",
        "allowed_cidrs_are_narrow",
        "private_endpoints_allow_private_cidrs",
        "peer_endpoints_can_be_reached",
        "eks_runs_a_release_that_istio_supports",
    ),
    "clusters.<name>.gateway": (
        "node_port_gateways_have_addresses",
        "local_gateways_have_assigned_addresses",
        "cluster_gateways_have_ip_addresses",
        "gateway_addresses_are_unique",
        "cloud_gateways_have_reserved_addresses",
    ),
    "clusters.<name>.gateway.nodePorts": ("node_ports_are_for_node_port_gateways",),
    "clusters.<name>.nodePool": (
        "pods_have_addresses",
        "node_pool_sizes_are_valid",
        "node_machine_types_exist",
    ),
    "clusters.<name>.nodeGroup": (
        "pods_have_addresses",
        "node_pool_sizes_are_valid",
        "node_machine_types_exist",
    ),
    "workloadGroups.<name>": (
        "groups_are_in_known_networks",
        "groups_register_with_known_clusters",
        "vms_can_reach_istiod",
        "local_machines_are_in_local_networks",
        "local_machines_register_with_local_clusters",
        "group_ports_are_unique",
        "ports_are_tcp",
        "group_labels_are_valid",
        "group_hosts_are_custom_names",
        "hosts_belong_to_one_group",
        "service_accounts_belong_to_one_group",
        "derived_names_are_short_enough",
        "names_of_services_begin_with_a_letter",
        "namespaces_are_not_reserved",
        "the_outside_namespace_is_unused",
        "machines_are_in_their_clouds_networks",
        "clusters_can_verify_vm_identities",
    ),
    "workloadGroups.<name>.probe": (
        "a_probe_has_one_check",
        "probe_ports_belong_to_the_group",
        "probes_can_be_answered",
    ),
    "workloadGroups.<name>.application": (
        "bundles_have_no_application",
        "user_data_fits",
    ),
    "workloadGroups.<name>.application.files[]": (
        "a_file_has_one_source",
        "files_are_downloaded_over_http",
        "file_paths_are_unique",
        "files_do_not_replace_reserved_ones",
        "demo_files_are_not_replaced",
    ),
    "workloadGroups.<name>.application.units[]": ("unit_names_are_unique",),
    "workloadGroups.<name>.machines@local": ("local_machines_fit_the_lab",),
    "workloadGroups.<name>.machines@gce": (
        "a_group_has_one_size",
        "autoscaling_limits_are_valid",
        "group_machine_types_exist",
        "images_have_valid_names",
        "images_have_a_known_package",
        "images_can_join",
        "images_match_their_architecture",
    ),
    "workloadGroups.<name>.machines@ec2": (
        "a_group_has_one_size",
        "autoscaling_limits_are_valid",
        "group_machine_types_exist",
        "images_have_valid_names",
        "images_have_a_known_package",
        "images_can_join",
        "ec2_images_have_a_known_root_device",
        "images_match_their_architecture",
    ),
    "workloadGroups.<name>.machines.rollout": ("rollouts_fit_the_group",),
    "ingress.<name>": (
        "ingresses_are_in_known_clusters",
        "ingress_host_names_are_valid",
        "namespaces_are_not_reserved",
    ),
    "ingress.<name>.listeners[]": (
        "https_listeners_have_a_certificate",
        "listeners_are_unique",
        "listeners_do_not_use_proxy_ports",
    ),
    "ingress.<name>.routes[]": (
        "routes_match_a_listener",
        "weights_sum_to_100",
        "routes_are_unique",
        "backends_are_unique",
        "route_names_are_unique",
    ),
    "ingress.<name>.routes[].backends[]": ("backend_ports_exist",),
    "ingress.<name>.routes[].backends[]@group": (
        "routes_lead_to_known_groups",
        "vms_are_backends_of_istios_gateways",
    ),
    "demo": (
        "the_demo_runs_on_a_known_group",
        "demo_vms_can_download_the_demo",
        "the_demo_group_is_created_by_the_program",
        "clusters_can_pull_the_demo",
        "the_demo_port_is_free",
        "derived_names_are_short_enough",
        "the_demo_and_groups_have_different_names",
    ),
    "operators": (
        "api_servers_allow_the_operators",
        "allowed_cidrs_are_narrow",
        "allowed_cidrs_are_public",
    ),
}
"""Names of rules (`model.checks.RULES`) by section."""


def rules_of(section: str) -> list[str]:
    """The rules of `section` in words: the first paragraph of each rule's docstring."""
    return [_first_paragraph(RULES[name].__doc__ or "") for name in SECTIONS.get(section, ())]


def _first_paragraph(text: str) -> str:
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())

"""A mesh for each rule that breaks it."""

from tests.model.rule_cases.accounts import CLOUD_ACCOUNTS
from tests.model.rule_cases.addresses import ADDRESSES
from tests.model.rule_cases.applications import APPLICATIONS
from tests.model.rule_cases.case import Case
from tests.model.rule_cases.cidrs import CLOUD_RANGES
from tests.model.rule_cases.clusters import CLOUD_CLUSTERS, CLUSTERS
from tests.model.rule_cases.demo import DEMO
from tests.model.rule_cases.existing import EXISTING
from tests.model.rule_cases.flat_keys import FLAT_KEYS
from tests.model.rule_cases.gateways import GATEWAYS
from tests.model.rule_cases.group_services import GROUP_SERVICES
from tests.model.rule_cases.groups import GROUPS
from tests.model.rule_cases.http_proxy import HTTP_PROXY
from tests.model.rule_cases.ingress import INGRESS
from tests.model.rule_cases.istio import ISTIO
from tests.model.rule_cases.istio_values import ISTIO_VALUES
from tests.model.rule_cases.names import NAMES
from tests.model.rule_cases.namespaces import NAMESPACES
from tests.model.rule_cases.networks import CLOUD_NETWORKS
from tests.model.rule_cases.operators import OPERATORS
from tests.model.rule_cases.overlaps import OVERLAPS
from tests.model.rule_cases.references import REFERENCES
from tests.model.rule_cases.routes import ROUTES
from tests.model.rule_cases.security_groups import CLOUD_LIMITS
from tests.model.rule_cases.telemetry import TELEMETRY
from tests.model.rule_cases.trust import TRUST
from tests.model.rule_cases.user_data import USER_DATA
from tests.model.rule_cases.vms import CLOUD_MACHINES
from tests.model.rule_cases.warnings import WARNINGS

CASES = [
    *ADDRESSES,
    *OVERLAPS,
    *REFERENCES,
    *GATEWAYS,
    *CLUSTERS,
    *ISTIO,
    *ISTIO_VALUES,
    *GROUPS,
    *GROUP_SERVICES,
    *OPERATORS,
    *APPLICATIONS,
    *NAMES,
    *NAMESPACES,
    *HTTP_PROXY,
    *INGRESS,
    *ROUTES,
    *DEMO,
    *EXISTING,
    *FLAT_KEYS,
    *USER_DATA,
    *CLOUD_NETWORKS,
    *CLOUD_CLUSTERS,
    *CLOUD_RANGES,
    *CLOUD_LIMITS,
    *CLOUD_MACHINES,
    *CLOUD_ACCOUNTS,
    *TELEMETRY,
    *TRUST,
    *WARNINGS,
]

__all__ = ["CASES", "Case"]

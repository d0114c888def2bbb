"""A mesh for each rule that breaks it."""

from tests.model.rule_cases.addresses import ADDRESSES
from tests.model.rule_cases.applications import APPLICATIONS
from tests.model.rule_cases.case import Case
from tests.model.rule_cases.cloud_accounts import CLOUD_ACCOUNTS
from tests.model.rule_cases.cloud_clusters import CLOUD_CLUSTERS
from tests.model.rule_cases.cloud_limits import CLOUD_LIMITS
from tests.model.rule_cases.cloud_machines import CLOUD_MACHINES
from tests.model.rule_cases.cloud_networks import CLOUD_NETWORKS
from tests.model.rule_cases.cloud_ranges import CLOUD_RANGES
from tests.model.rule_cases.clusters import CLUSTERS
from tests.model.rule_cases.demo import DEMO
from tests.model.rule_cases.flat_keys import FLAT_KEYS
from tests.model.rule_cases.gateways import GATEWAYS
from tests.model.rule_cases.groups import GROUPS
from tests.model.rule_cases.ingress import INGRESS
from tests.model.rule_cases.istio import ISTIO
from tests.model.rule_cases.istio_values import ISTIO_VALUES
from tests.model.rule_cases.names import NAMES
from tests.model.rule_cases.references import REFERENCES
from tests.model.rule_cases.user_data import USER_DATA

CASES = [
    *ADDRESSES,
    *REFERENCES,
    *GATEWAYS,
    *CLUSTERS,
    *ISTIO,
    *ISTIO_VALUES,
    *GROUPS,
    *APPLICATIONS,
    *NAMES,
    *INGRESS,
    *DEMO,
    *FLAT_KEYS,
    *USER_DATA,
    *CLOUD_NETWORKS,
    *CLOUD_CLUSTERS,
    *CLOUD_RANGES,
    *CLOUD_LIMITS,
    *CLOUD_MACHINES,
    *CLOUD_ACCOUNTS,
]

__all__ = ["CASES", "Case"]

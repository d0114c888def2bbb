"""Every kind of plan in a cloud has a component that declares it."""

from importlib import import_module
from typing import get_args

import pulumi
import pytest

from hybrid_mesh.components.clouds import DECLARERS, in_cloud
from hybrid_mesh.model.clouds.types import MachineSetPlan
from hybrid_mesh.model.config.trust import CloudTrustConfigBase, TrustConfig
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.kinds import CloudClusterPlan
from tests.model.meshes import LOCAL, PROD


def test_every_kind_of_plan_in_a_cloud_has_a_component() -> None:
    issuers = [each for each in get_args(get_args(TrustConfig)[0]) if issubclass(each, CloudTrustConfigBase)]
    kinds = {*CloudClusterPlan.__subclasses__(), *MachineSetPlan.__subclasses__(), *issuers}
    assert kinds <= set(DECLARERS)
    for name, network in plan_from(PROD, "prod").networks.items():
        assert in_cloud(network) == (network.subnets != ()), name
    assert not any(in_cloud(network) for network in plan_from(LOCAL, "local").networks.values())


@pytest.mark.parametrize("kind", DECLARERS, ids=lambda kind: kind.__name__)
def test_the_component_is_there(kind: type) -> None:
    module, _, name = DECLARERS[kind].partition(":")
    assert issubclass(getattr(import_module(module), name), pulumi.ComponentResource)

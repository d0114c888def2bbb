"""What local clusters and local machines have in common as resources: they are made, live as one incarnation,
and die.
"""

from plugins.framework.differences import Difference
from plugins.framework.handler import Diff
from plugins.framework.values import Properties
from plugins.hybridmesh.lab import Life


def instance_diff(life: Life, old_inputs: Properties, news: Properties) -> Diff:
    """Every change of an input replaces. A dead instance is replaced on `instanceId`.

    Two instances of one name cannot exist side by side, so a living one is deleted first. A dead one is not
    in the way, and deleting first would make the engine delete what was in it, which nobody answers for any
    more.
    """
    found = Diff.of_inputs(old_inputs, news, replace_on=frozenset({*old_inputs, *news}))
    if life is not Life.DEAD:
        return Diff(found.changes, found.replaces, bool(found.replaces), found.detailed)
    detailed = {**found.detailed, "instanceId": Difference.UPDATE}
    return Diff(changes=True, replaces=sorted({*found.replaces, "instanceId"}), detailed=detailed)

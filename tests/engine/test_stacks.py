"""The life of every stack but `local` and `prod`, as its file says: preview, up, nothing to do, destroy."""

from collections.abc import Iterator

import pytest

from tests.engine.shape import leaked
from tests.engine.site import Site, site

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]


@pytest.fixture(params=["dev", "staging"])
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp(request.param), request.param) as made:
        yield made


def test_the_life_of_a_stack(stack: Site) -> None:
    previewed = stack.preview()
    assert "[unknown]" in previewed
    assert "error" not in previewed
    assert stack.world.things() == [], "a preview makes nothing"
    foreseen = set(stack.planned())

    stack.up()
    made = {each["urn"].rpartition("::")[2] for each in stack.resources()}
    assert made - {"default"} == foreseen, (
        "the preview named everything but the provider of our own resources"
    )
    stack.up("--expect-no-changes")
    stack.pulumi("preview", "--refresh", "--expect-no-changes")
    assert stack.api is not None
    assert stack.api.refused == [], "every question carried the credential plug-in's token"

    assert leaked(stack) == []

    stack.destroy()
    assert stack.resources() == []
    assert stack.world.things() == []
    assert stack.world.balancers() == []

"""Headless Chromium of the toolchain, one for all tests."""

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from hybrid_mesh.local.toolchain.errors import ToolchainMissing
from hybrid_mesh.local.toolchain.profile import Profile
from tests.browser.viewer import FLAGS, View

Open = Callable[..., View]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if os.geteuid() != 0:
        pytest.skip("Chromium runs in a root file system of its own, which needs root")
    try:
        program = Profile.current().browser
    except ToolchainMissing:
        program = None
    if program is None:
        pytest.skip("Chromium is not in the toolchain: run make extras to include these tests")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def show(browser: Browser) -> Iterator[Open]:
    """Opens a document (see `View.of`); it is closed at the end, after it made no other request and had no
    error."""
    views: list[View] = []

    def opened(text: str, **how: object) -> View:
        views.append(View.of(browser, text, **how))  # type: ignore[arg-type]
        return views[-1]

    yield opened
    for view in views:
        view.close()

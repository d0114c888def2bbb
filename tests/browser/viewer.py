"""A page in headless Chromium, and what tests ask about it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Route

ADDRESS: Final = "http://page.test/"
"""Where the page stands. The browser has no network: the test answers."""
FLAGS: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--no-first-run",
)
_AXE_OPTIONS: Final = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
}

Scheme = Literal["light", "dark"]


@dataclass
class View:
    """A page that is open, with every request that it made and every error that it reported."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        browser: Browser,
        text: str,
        *,
        kind: str = "text/html",
        width: int = 1280,
        height: int = 800,
        scheme: Scheme = "light",
        scale: float = 1,
    ) -> View:
        """Open a document of this content type in a window of this size (CSS pixels). Its screenshots have
        `scale` pixels for each of those."""
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            device_scale_factor=scale,
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        view = cls(context.new_page())

        def answer(route: Route) -> None:
            if route.request.url == ADDRESS:
                route.fulfill(content_type=f"{kind}; charset=utf-8", body=text)
            else:
                route.abort()

        view.page.route("**/*", answer)
        view.page.on("request", lambda request: view.requests.append(request.url))
        view.page.on("pageerror", lambda error: view.errors.append(str(error)))
        view.page.on("console", view._line)
        view.page.on("dialog", view._dialog)
        view.page.goto(ADDRESS)
        return view

    def _line(self, line: ConsoleMessage) -> None:
        if line.type in {"error", "warning"}:
            self.errors.append(line.text)

    def _dialog(self, dialog: Dialog) -> None:
        self.errors.append(dialog.message)
        dialog.dismiss()

    def close(self) -> None:
        self.page.context.close()

    def focused(self) -> str:
        """The name of what has the focus."""
        name: str = self.page.evaluate(
            "(({ariaLabel, textContent}) => ariaLabel ?? textContent)(document.activeElement)"
        )
        return name

    def pressed(self, key: str) -> str:
        """Press a key; gives what has the focus then."""
        self.page.keyboard.press(key)
        return self.focused()

    def violations(self) -> list[str]:
        """What axe-core finds against WCAG 2.1 AA and its own best practices, one line each."""
        script = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
        self.page.evaluate(script)
        found: dict[str, Any] = self.page.evaluate("(options) => axe.run(document, options)", _AXE_OPTIONS)
        return [
            f"{one['id']}: {one['help']}: {' '.join(node['target'][0] for node in one['nodes'])[:300]}"
            for one in found["violations"]
        ]

    def overflowing(self) -> list[str]:
        """Texts that leave their box or are cut off, and the page itself if it scrolls sideways."""
        found: list[str] = self.page.evaluate(_script("overflowing"))
        return found


def _script(name: str) -> str:
    return Path(__file__).with_name(f"{name}.js").read_text()


def difference(browser: Browser, one: bytes, other: bytes) -> float | str:
    """The part of the pixels in which two PNG images clearly differ, or how their sizes differ."""
    page = browser.new_page()
    try:
        both = [base64.b64encode(image).decode() for image in (one, other)]
        answer: float | str = page.evaluate(_script("difference"), both)
        return answer
    finally:
        page.close()


def compare(browser: Browser, golden: Path, image: bytes, *, update: bool, tolerance: float) -> None:
    """Assert that `image` is `golden`, but for `tolerance` of its pixels; or make it so."""
    if update:
        golden.parent.mkdir(exist_ok=True)
        golden.write_bytes(image)
    found = difference(browser, golden.read_bytes(), image)
    if isinstance(found, str) or found > tolerance:
        seen = golden.parents[3] / "build" / "screenshots" / golden.name
        seen.parent.mkdir(parents=True, exist_ok=True)
        seen.write_bytes(image)
        share = found if isinstance(found, str) else f"{found:.2%} of the pixels"
        raise AssertionError(f"{golden.name} differs ({share}); the new image is {seen}")

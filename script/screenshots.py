"""Takes pictures of the pages that script/demo writes: docs/images/*.png, by a headless Chromium.

The browser is spoken to through the pipe of its DevTools protocol, as its command line knows neither
narrow windows nor dark pages.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REPORTS = {
    "test-passed": "test_flights.html",
    "test-failed": "test_flights_broken.html",
    "profile": "profile_weather.html",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen: its size in pixels, and whether the page is dark."""

    width: int
    height: int
    dark: bool = False


SCREENS = {
    "desktop": Screen(1200, 1000),
    "dark": Screen(1200, 1000, dark=True),
    "phone": Screen(390, 844),
}


@dataclass
class Browser:
    """A browser at the other end of a pipe."""

    into: int
    out: int
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    unread: bytes = b""

    def ask(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Call a method of the DevTools protocol and return what it answers.

        Raises:
            RuntimeError: It answers with an error.
        """
        number = next(self.numbers)
        call = {"id": number, "method": method, "params": parameters}
        if session:
            call["sessionId"] = session
        os.write(self.into, json.dumps(call).encode() + b"\0")
        answer = next(message for message in self.messages() if message.get("id") == number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def wait(self, event: str) -> None:
        """Wait until the browser says that something happened."""
        next(message for message in self.messages() if message.get("method") == event)

    def messages(self) -> Iterator[dict[str, Any]]:
        """Yield what the browser says, until it is gone."""
        while True:
            while b"\0" not in self.unread:
                said = os.read(self.out, 1 << 20)
                if not said:
                    raise RuntimeError("the browser ended")
                self.unread += said
            message, _, self.unread = self.unread.partition(b"\0")
            yield json.loads(message)


@contextlib.contextmanager
def browsing(program: str) -> Iterator[Browser]:
    """Start a browser that reads commands from file 3 and answers on file 4, and end it."""
    (read_in, write_in), (read_out, write_out) = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory() as profile:
        options = ["--headless=new", "--no-sandbox", "--hide-scrollbars", "--remote-debugging-pipe"]
        command = [program, *options, f"--user-data-dir={profile}"]
        # The shell puts the ends of the pipes where the browser looks for them.
        shell = f'exec "$0" "$@" 3<&{read_in} 4>&{write_out}'
        running = subprocess.Popen(  # noqa: S603 all of its words stand above
            ["/bin/sh", "-c", shell, *command],
            pass_fds=(read_in, write_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read_in)
        os.close(write_out)
        browser = Browser(write_in, read_out)
        try:
            yield browser
            browser.ask("Browser.close")
        finally:
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(10)
            running.kill()
            os.close(write_in)
            os.close(read_out)


def picture(browser: Browser, page: Path, screen: Screen) -> bytes:
    """Return what a screen shows of a page when it is opened, as PNG."""
    target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
    session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    browser.ask("Page.enable", session)
    browser.ask(
        "Emulation.setDeviceMetricsOverride",
        session,
        width=screen.width,
        height=screen.height,
        deviceScaleFactor=1,
        mobile=False,
    )
    scheme = {"name": "prefers-color-scheme", "value": "dark" if screen.dark else "light"}
    browser.ask("Emulation.setEmulatedMedia", session, features=[scheme])
    browser.ask("Page.navigate", session, url=page.as_uri())
    browser.wait("Page.loadEventFired")
    taken = browser.ask("Page.captureScreenshot", session, format="png")
    browser.ask("Target.closeTarget", targetId=target)
    return base64.b64decode(taken["data"])


def main() -> int:
    """Take a picture of each report on each screen."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        print(f"no browser: install one of {', '.join(BROWSERS)}", file=sys.stderr)
        return 1
    pages = {name: ROOT / "examples" / "flights" / "output" / file for name, file in REPORTS.items()}
    if missing := [str(page) for page in pages.values() if not page.is_file()]:
        print(f"{', '.join(missing)}: not there; run script/demo", file=sys.stderr)
        return 1
    with browsing(program) as browser:
        for (report, page), (name, screen) in itertools.product(pages.items(), SCREENS.items()):
            place = ROOT / "docs" / "images" / f"{report}-{name}.png"
            place.write_bytes(picture(browser, page, screen))
            print(f"{place.relative_to(ROOT)}  {place.stat().st_size // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

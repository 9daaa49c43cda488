"""Pages in a real browser, headless, which may reach nothing but the file it is given."""

import os
import shutil
from dataclasses import dataclass, field

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser():
    """A browser for the tests of one file: with one open, no other test could run an event loop of its own."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("needs Chromium; to add it: apt-get install chromium")
    sync_playwright = pytest.importorskip("playwright.sync_api").sync_playwright
    # a browser that runs as root, as in containers, has no sandbox of its own; it opens only our pages here
    options = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=options, timeout=90_000)
        yield opened
        opened.close()


@dataclass
class Visit:
    """A page that is open, with what it said and asked for."""

    page: object
    console: list = field(default_factory=list)
    requests: list = field(default_factory=list)
    dialogs: list = field(default_factory=list)
    refused: list = field(default_factory=list)  # by the page's own policy


def note_refusal(seen, request):
    if request.failure == "csp":
        seen.refused.append(request.url)


@pytest.fixture
def visit(browser):
    """Open a file in a window of its own; whatever it logs, asks for or pops up is kept."""
    contexts = []

    def open_file(path, **settings):
        context = browser.new_context(**{"viewport": {"width": 1000, "height": 900}, **settings})
        contexts.append(context)
        seen = Visit(context.new_page())
        seen.page.on("console", lambda message: seen.console.append(message.text))
        seen.page.on("pageerror", lambda error: seen.console.append(str(error)))
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        seen.page.on("requestfailed", lambda request: note_refusal(seen, request))
        seen.page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
        seen.page.goto(path.as_uri())
        return seen

    yield open_file
    for context in contexts:
        context.close()

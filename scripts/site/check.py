"""Looks at every page of the built documentation in a browser: `python -m scripts.site.check site`.

Each page is opened on a desktop and on a phone. There may be no error in the console, no request to
another host and no sideways scrolling; links and anchors inside the site must lead somewhere, the
search must find things, the pages must be dark where the system is, and their links easy to read.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import http.server
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urldefrag

from scripts.site.browser import Event, Tab, browser

SCREENS = {"desktop": (1280, 900, False), "phone": (390, 844, True)}
# What people may search for, and a page that has to be among the first results.
SEARCHES = {
    "OutcomeUnknownError": "errors",
    "Communicator.put": "reference/key-value/",
    "exactly once": "exactly-once/",
    "database space exceeded": "troubleshooting/",
    "gunicorn": "deployment/",
}
FIRST_RESULTS = 5

LINKS = "[...document.querySelectorAll('a[href]')].map(a => a.href)"
ANCHORS = "[...document.querySelectorAll('[id], a[name]')].map(e => e.id || e.name)"
# The elements that reach beyond the screen, if the page as a whole can be scrolled sideways.
TOO_WIDE = """
(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll('article *')]
        .filter(element => element.getBoundingClientRect().right > width + 1)
        .slice(0, 3)
        .map(element => element.tagName + ' ' + element.textContent.trim().slice(0, 60));
})()
"""
# What of the text of links and buttons is hard to read on what is behind it: below the 4.5 to 1 of
# the guidelines for accessibility.
TOO_FAINT = r"""
(() => {
    const channels = text => text.match(/[\d.]+/g).map(Number);
    const behind = element => {
        for (; element; element = element.parentElement) {
            const [red, green, blue, alpha = 1] =
                channels(getComputedStyle(element).backgroundColor);
            if (alpha === 1) return [red, green, blue];
        }
        return [255, 255, 255];
    };
    const luminance = colour => {
        const [red, green, blue] = colour.map(value => value / 255).map(
            value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const contrast = element => {
        const text = channels(getComputedStyle(element).color).slice(0, 3);
        const [dark, light] = [text, behind(element)].map(luminance).sort((a, b) => a - b);
        return (light + 0.05) / (dark + 0.05);
    };
    const faint = [...document.querySelectorAll('article a:not(.headerlink)')]
        .filter(element => element.offsetParent && contrast(element) < 4.5);
    return faint.slice(0, 3).map(element => element.textContent.trim().slice(0, 60));
})()
"""
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
RESULTS = "[...document.querySelectorAll('.md-search-result__link')].map(a => a.href)"
# As if typed: the theme listens to the keyboard.
SEARCH = """
(() => {{
    const input = document.querySelector('[data-md-component=search-query]');
    input.focus();
    input.value = {text!r};
    input.dispatchEvent(new Event('keyup', {{bubbles: true}}));
    input.dispatchEvent(new Event('input', {{bubbles: true}}));
}})()
"""


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Says nothing of each request."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named there
        """Say nothing."""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the folder as a web server does, and yield its address."""
    handler = functools.partial(_Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Check:
    """What has been found on the pages."""

    address: str
    site: Path
    tab: Tab
    problems: list[str] = field(default_factory=list)
    links: dict[str, set[str]] = field(default_factory=dict)
    anchors: dict[str, set[str]] = field(default_factory=dict)

    def look_at(self, page: str, screen: str) -> None:
        """Open a page and note what is wrong with it."""
        width, height, mobile = SCREENS[screen]
        self.tab.resize(width, height, mobile=mobile)
        self.tab.open(self.address + page)
        where = f"{page or 'home'} ({screen})"
        too_wide = self.tab.evaluate(TOO_WIDE)
        self.problems += [f"{where}: scrolls sideways: {element}" for element in too_wide]
        self.links[page] = set(self.tab.evaluate(LINKS))
        self.anchors[page] = set(self.tab.evaluate(ANCHORS))
        for event in self.tab.take_events():
            if problem := self._problem(event):
                self.problems.append(f"{where}: {problem}")

    def follow_links(self) -> None:
        """Look for the other end of each link within the site."""
        for page, links in self.links.items():
            for link in sorted(links):
                target, anchor = urldefrag(link)
                if not target.startswith(self.address):
                    continue
                path = target.removeprefix(self.address)
                if path not in self.anchors:
                    # Not a page: a picture, for example.
                    if not (self.site / path).is_file():
                        self.problems.append(f"{page}: leads nowhere: {link}")
                elif anchor and unquote(anchor) not in self.anchors[path]:
                    self.problems.append(f"{page}: no such anchor: {link}")

    def search(self) -> None:
        """Search as a reader does."""
        self.tab.resize(*SCREENS["desktop"][:2], mobile=False)
        for text, page in SEARCHES.items():
            self.tab.open(self.address)
            self.tab.evaluate(SEARCH.format(text=text))
            found: list[str] = []
            with contextlib.suppress(TimeoutError):
                self.tab.wait(lambda: self.tab.evaluate(RESULTS))
                found = self.tab.evaluate(RESULTS)[:FIRST_RESULTS]
            if not any(page in link for link in found):
                self.problems.append(f"search for {text!r}: {page} is not among {found}")

    def switch_colours(self) -> None:
        """See that the pages follow the system's colours."""
        seen = set()
        for scheme in ("light", "dark"):
            self.tab.prefer(scheme)
            self.tab.open(self.address)
            seen.add(self.tab.evaluate(BACKGROUND))
            faint = self.tab.evaluate(TOO_FAINT)
            self.problems += [f"home ({scheme}): hard to read: {text}" for text in faint]
        if len(seen) == 1:
            self.problems.append(f"light and dark pages have the same background: {seen}")

    def _problem(self, event: Event) -> str | None:
        parameters = event["params"]
        match event["method"]:
            case "Network.requestWillBeSent":
                url = parameters["request"]["url"]
                if not url.startswith((self.address, "data:", "blob:")):
                    return f"request to {url}"
            case "Runtime.exceptionThrown":
                return f"exception: {parameters['exceptionDetails']['text']}"
            case "Runtime.consoleAPICalled" if parameters["type"] in {"error", "assert"}:
                return f"console: {parameters['args']}"
            case "Log.entryAdded" if parameters["entry"]["level"] == "error":
                return f"console: {parameters['entry']['text']} {parameters['entry'].get('url')}"
        return None


def main() -> int:
    """Check the site and print what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path, help="the folder that `make docs` has made")
    site = parser.parse_args().site
    folders = sorted(path.parent.relative_to(site).as_posix() for path in site.rglob("index.html"))
    pages = ["" if folder == "." else f"{folder}/" for folder in folders]
    with served(site) as address, browser() as tab:
        check = Check(address, site, tab)
        for page in pages:
            for screen in SCREENS:
                check.look_at(page, screen)
        check.follow_links()
        check.search()
        check.switch_colours()
    for problem in check.problems:
        print(problem)
    links = sum(len(links) for links in check.links.values())
    print(f"{len(pages)} pages, {links} links, {len(check.problems)} problems")
    return 1 if check.problems or not pages else 0


if __name__ == "__main__":
    sys.exit(main())

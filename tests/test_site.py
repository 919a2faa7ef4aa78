"""The documentation's site: complete, without broken links, and whole without a network."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def make_site() -> ModuleType:
    """docs/make_site.py as a module."""
    spec = importlib.util.spec_from_file_location("docs_make_site", ROOT / "docs" / "make_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(make_site: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does, with every warning an error: links, anchors, pages left out."""
    folder = tmp_path_factory.mktemp("site")
    assert make_site.run("build", "--quiet", "--site-dir", str(folder)).returncode == 0
    return folder


def navigation() -> Iterator[str]:
    """The pages that mkdocs.yml's nav names."""
    nav = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:")[2]
    for line in nav.splitlines():
        yield from re.findall(r"([\w/]+\.md)\s*$", line)


def test_every_page_is_in_the_navigation_once() -> None:
    named = list(navigation())
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")}
    missing = sorted(pages - set(named))
    assert not missing, (
        f"no reader of the site finds {', '.join(missing)}: add a line `- Title: {missing[0]}` to `nav:` in "
        "mkdocs.yml, below Tutorials (to learn), How to (to get something done), Reference (to look up) or "
        "Explanation (to understand), and a row to README.md's tables"
    )
    assert len(named) == len(set(named))


def test_the_site_is_built_and_a_broken_link_or_anchor_would_have_stopped_it(
    site: Path, make_site: ModuleType, tmp_path: Path
) -> None:
    assert (site / "index.html").is_file()
    broken = tmp_path / "pages"
    broken.mkdir()
    (broken / "index.md").write_text("# One\n\n[no page](nowhere.md) and [no anchor](#nowhere)\n")
    configuration = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:")[0]
    (tmp_path / "mkdocs.yml").write_text(
        re.sub(r"docs_dir: .*|watch: .*", "", configuration) + "\ndocs_dir: pages\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT / "docs"), "NO_MKDOCS_2_WARNING": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "'nowhere.md'" in done.stderr
    assert "'#nowhere'" in done.stderr


def test_each_picture_is_small_and_shown_on_a_page_in_words_too() -> None:
    shown: dict[str, str] = {}
    for page in (ROOT / name for name in navigation()):
        text = page.read_text("utf-8")
        pictures = re.findall(r"!\[([^]]*)\]\(([^)]+)\)", text)
        pictures += [(alt, src) for src, alt in re.findall(r'<img src="([^"]+)"[^>]* alt="([^"]*)"', text)]
        shown |= {(page.parent / src).resolve().relative_to(ROOT).as_posix(): alt for alt, src in pictures}
    there = {
        path.relative_to(ROOT).as_posix(): path.stat().st_size
        for path in (ROOT / "docs").rglob("*")
        if path.suffix in {".svg", ".png", ".webp", ".jpg"} and path.parent.name != "site"
    }
    assert set(there) == set(shown), "a picture that no page shows, or that isn't there"
    assert {name for name, size in there.items() if size > 150_000} == set()
    assert {name for name, alt in shown.items() if len(alt) < 20} == set()


def test_nothing_on_a_page_is_fetched_from_elsewhere(site: Path) -> None:
    fetched = re.compile(
        r"""<(?:script|img|iframe|source|video)[^>]*\ssrc=["']?(https?:)?//[^>]*>|<link[^>]*href=["']?https?:[^>]*>"""
    )
    for page in site.rglob("*.html"):
        found = [
            tag[0] for tag in fetched.finditer(page.read_text("utf-8")) if 'rel="canonical"' not in tag[0]
        ]
        assert found == [], f"{page.relative_to(site)}: {found}"


def test_a_bar_in_a_tables_code_reads_as_on_github(site: Path) -> None:
    assert "here|shadow" in (site / "docs" / "cli.html").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; Debian's package is `chromium`")
def test_pages_opened_from_a_disk_are_searched_and_pass_axe(site: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        ways: list[dict[str, Any]] = [
            {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
            {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
        ]
        for way in ways:
            page = browser.new_context(**way).new_page()
            page.on("request", lambda request: asked.append(request.url))
            for name in ("index", "docs/operations", "docs/cli", "docs/console", "docs/governance"):
                page.goto((site / f"{name}.html").as_uri())
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, f"{name} is {wide} px wider than {way['viewport']['width']}"
                found = Axe().run(page, options={"runOnly": WCAG})
                assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        page = browser.new_context(viewport={"width": 320, "height": 700}).new_page()
        for one in sorted(site.rglob("*.html")):
            page.goto(one.as_uri())
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{one.relative_to(site)} is {wide} px wider than a small telephone"
        page.goto((site / "docs" / "errors.html").as_uri())
        assert page.locator("table[data-stacked]").count() == 2
        assert "what to do" in page.locator("table[data-stacked] td[data-column]").nth(3).evaluate(
            "cell => getComputedStyle(cell, '::before').content"
        )
        page.set_viewport_size({"width": 1280, "height": 700})
        page.wait_for_function("document.querySelectorAll('table[data-stacked]').length === 0")
        page = browser.new_page()
        page.goto((site / "index.html").as_uri())
        page.locator("input.md-search__input").press_sequentially("suspend key")  # the theme hears keys alone
        page.wait_for_function(
            "document.querySelector('.md-search-result__meta').textContent.includes('matching')",
            timeout=60_000,
        )
        browser.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []

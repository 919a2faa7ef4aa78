"""What every page does alike: who may open it, what it tells browsers, what becomes of faults."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files
from itertools import count
from urllib.parse import quote

import pytest
from sqlalchemy import func, select, update
from starlette.applications import Starlette

from regard.app import Parts, build
from regard.console.alert_feed import AlertFeed
from regard.console.application import Console
from regard.console.building import job_films
from regard.console.page import Page, PageAnswer, PageView, RawContent, Redirect
from regard.console.pages.alerts import alert_pages
from regard.console.pages.films import film_pages
from regard.console.pages.job_progress import progress_pages
from regard.console.routes import PAGES
from regard.console.signin.sessions import BrowserSessions, Means
from regard.console.visit import Apis, PageVisit
from regard.governance.people import People
from regard.settings import Settings
from regard.storage.clock import milliseconds
from regard.storage.schema import browser_sessions
from tests.console.visiting import Visitor


def _raise(_visit: PageVisit) -> PageAnswer:
    raise RuntimeError("hunter2")


def _echo(visit: PageVisit) -> PageAnswer:
    return PageView("error.html", {"message": visit.form.get("text"), "status": 200})


def _change(visit: PageVisit) -> PageAnswer:
    return PageView("error.html", visit.call("set_roles", PersonId="P-2026-000001", Roles=["admin"]))


MADE = (
    Page(path="/unshown", show=lambda _: PageView("error.html"), roles=None),
    Page(path="/broken", show=_raise, roles=None),
    Page(path="/file", show=lambda _: RawContent(b"x", "text/plain", "é.txt"), roles=None),
    Page(
        path="/form",
        show=lambda _: Redirect("/file"),
        acts={"echo": _echo, "leave": lambda _: Redirect("/file", {"regard": None})},
        roles=None,
    ),
    Page(
        path="/guarded",
        show=lambda _: Redirect("/file"),
        acts={"grave": lambda _: Redirect("/done"), "light": lambda _: Redirect("/done")},
        roles=frozenset({"admin"}),
        guarded=frozenset({"grave"}),
    ),
    Page(path="/part", show=lambda _: Redirect("/file"), roles=frozenset({"auditor"}), is_part=True),
    Page(path="/auditors", show=lambda _: Redirect("/file"), roles=frozenset({"auditor"})),
    Page(
        path="/people",
        show=lambda visit: PageView("error.html", {"message": "", "status": 200}, visit.call("list_people")),
        acts={
            "change": lambda visit: PageView(
                "error.html", visit.call("set_roles", PersonId="P-2026-000001", Roles=["admin"])
            )
        },
        roles=frozenset({"admin"}),
    ),
)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    made = build(Settings.load({}, data=tmp_path_factory.mktemp("console") / "data"), has_models=False)
    yield made
    made.close()


@pytest.fixture(scope="module")
def sign_in(parts: Parts) -> Callable[[str], str]:
    """Signs in somebody new in a role, and answers the token."""
    sessions, people = BrowserSessions(parts.database), People(parts.database)
    numbers = count()

    def signed_in(role: str) -> str:
        return sessions.open(people.add(f"{role}-{next(numbers)}", [role]), Means.PASSKEY)

    return signed_in


@pytest.fixture
def browser(parts: Parts) -> Visitor:
    console = Console((*PAGES, *MADE), Apis(parts.apis), BrowserSessions(parts.database), parts.settings)
    return Visitor(Starlette(routes=console.routes()))


SignIn = Callable[[str], str]


def signed_in(browser: Visitor, token: str) -> Visitor:
    """The browser with a session's cookie."""
    browser.cookies = {"regard": token}
    return browser


def test_who_is_not_signed_in_is_led_to_sign_in_and_back(browser: Visitor) -> None:
    answer = browser.get("/console?x=1")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/console/sign-in?next=%2Fconsole%3Fx%3D1",
    )


def test_a_program_that_is_not_signed_in_is_told_so(browser: Visitor) -> None:
    answer = browser.get("/console", data=True)
    assert (answer.status_code, answer.json()["message"]) == (401, "Sign in first.")


def test_a_session_that_is_over_is_as_good_as_none(browser: Visitor) -> None:
    assert signed_in(browser, "gone").get("/console").status_code == 303


def test_a_page_of_other_roles_is_refused(browser: Visitor, sign_in: SignIn) -> None:
    answer = signed_in(browser, sign_in("reviewer")).get("/auditors")
    assert answer.status_code == 403
    assert "other roles" in answer.text
    assert signed_in(browser, sign_in("auditor")).get("/auditors").status_code == 303


def test_the_cookie_of_plain_http_is_none_by_tls(browser: Visitor, sign_in: SignIn) -> None:
    assert signed_in(browser, sign_in("reviewer")).get("https://localhost/console").status_code == 303
    browser.cookies = {"__Host-regard": sign_in("reviewer")}
    assert browser.get("https://localhost/console").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8090"},
    ],
)
def test_a_form_from_elsewhere_is_refused(browser: Visitor, headers: dict[str, str]) -> None:
    answer = browser.post("/form", act="echo", text="hello", headers=headers)
    assert answer.status_code == 403
    assert "hello" not in answer.text


def test_a_form_of_a_browser_that_tells_its_origin_alone_is_taken(browser: Visitor) -> None:
    headers = {"Origin": "http://LOCALHOST:8090"}
    assert "hello" in browser.post("/form", act="echo", text="hello", headers=headers).text


def test_markup_in_what_was_sent_is_text(browser: Visitor) -> None:
    answer = browser.post("/form", act="echo", text="<script>alert(1)</script>")
    assert "&lt;script&gt;alert(1)" in answer.text


def test_an_act_that_the_page_has_not_is_not_found(browser: Visitor) -> None:
    assert browser.post("/form", act="fly").status_code == 404


def test_people_come_in_where_the_public_is_shut_out_and_sixty_times_a_minute(parts: Parts) -> None:
    settings = replace(parts.settings, public_requests=0)
    door = Page(path="/door", show=lambda _: Redirect("/file"), roles=None, is_door=True)
    console = Console((*MADE, door), Apis(parts.apis), BrowserSessions(parts.database), settings)
    visitor = Visitor(Starlette(routes=console.routes()))
    assert visitor.get("/file").status_code == 403
    answers = [visitor.get("/door").status_code for _ in range(100)]  # it fills again meanwhile
    assert answers[:60] == [303] * 60
    assert 429 in answers


def test_a_form_too_long_is_refused(browser: Visitor) -> None:
    assert browser.post("/form", act="echo", text="x" * 300_000).status_code in (413, 422)


@pytest.mark.parametrize("text", ["a\0", "\0"])
def test_a_text_with_a_character_that_is_none_is_refused_with_a_sentence(browser: Visitor, text: str) -> None:
    sent = (
        browser.post("/form", act="echo", text=text),
        browser.post("/form", act="echo", **{text: "a"}),
        browser.get(f"/console/language?next={quote(text)}"),
    )
    assert {answer.status_code for answer in sent} == {422}
    assert all("U+0000" in answer.text for answer in sent)


@pytest.mark.parametrize(
    ("names", "value"),
    [(b'name="text"', b"+2AA-"), (b'name="file"; filename="\0"', b"x")],
    ids=["half", "file"],
)
def test_a_part_that_is_no_text_in_the_form_s_own_encoding_is_refused(
    browser: Visitor, names: bytes, value: bytes
) -> None:
    content = b"--x\r\nContent-Disposition: form-data; " + names + b"\r\n\r\n" + value + b"\r\n--x--\r\n"
    answer = browser.send_raw("/form?act=echo", content, "multipart/form-data; boundary=x; charset=utf-7")
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "host", ["127.0.0.1:99999", "127.0.0.1:x", "[::1", "[1]:80", "a@localhost", "localhost/x", "[:::]:80"]
)
def test_a_host_that_is_none_is_refused_with_a_sentence(browser: Visitor, host: str) -> None:
    answer = browser.get("/console/language", headers={"Host": host})
    assert (answer.status_code, "Host" in answer.text) == (422, True)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8090", "[::1]:8090", "vision_1.example.org", ""])
def test_a_host_that_browsers_write_is_taken(browser: Visitor, host: str) -> None:
    assert browser.get("/console/language", headers={"Host": host}).status_code == 200


def test_nothing_of_a_fault_inside_is_shown(browser: Visitor) -> None:
    answer = browser.get("/broken")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text


def test_a_page_that_cannot_be_shown_is_a_page_that_says_so(browser: Visitor) -> None:
    answer = browser.get("/unshown")
    assert answer.status_code == 500
    assert "<h1>" in answer.text


def test_every_answer_says_what_a_browser_may_do(browser: Visitor) -> None:
    for answer in (browser.get("/broken"), browser.get("/file"), browser.get("/console/language")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_needs_the_person_now_leads_to_where_they_show_it(
    browser: Visitor, sign_in: SignIn, parts: Parts
) -> None:
    token = sign_in("admin")
    with parts.database.write() as connection:
        connection.execute(update(browser_sessions).values(verified=browser_sessions.c.opened - 16 * 60_000))
    answer = signed_in(browser, token).post("/people", act="change")
    assert answer.headers["location"] == "/console/verify?next=%2Fpeople"


def test_who_protects_privacy_has_a_home_though_their_code_is_old(
    browser: Visitor, sign_in: SignIn, parts: Parts
) -> None:
    signed_in(browser, sign_in("privacy"))
    assert "Nothing waits here" in browser.get("/console").text
    with parts.database.write() as connection:
        connection.execute(update(browser_sessions).values(verified=browser_sessions.c.opened - 16 * 60_000))
    assert "Show them" in browser.get("/console").text


def test_a_guarded_act_takes_who_has_just_shown_that_it_is_them(
    browser: Visitor, sign_in: SignIn, parts: Parts
) -> None:
    signed_in(browser, sign_in("admin"))
    assert browser.post("/guarded", act="grave").headers["location"] == "/done"
    with parts.database.write() as connection:
        connection.execute(update(browser_sessions).values(verified=browser_sessions.c.opened - 16 * 60_000))
    assert browser.post("/guarded", act="grave").headers["location"].startswith("/console/verify")
    assert browser.post("/guarded", act="light").headers["location"] == "/done"


def test_what_a_page_fetches_by_itself_keeps_no_session_open(
    browser: Visitor, sign_in: SignIn, parts: Parts
) -> None:
    signed_in(browser, sign_in("auditor"))
    earlier = milliseconds() - 20 * 60_000
    seen = select(func.max(browser_sessions.c.seen)).where(browser_sessions.c.opened == earlier)
    with parts.database.write() as connection:
        connection.execute(update(browser_sessions).values(seen=earlier, opened=earlier))
    for path, headers in (("/part", {}), ("/auditors", {"HX-Request": "true"})):
        assert browser.get(path, headers=headers).status_code in (200, 303)
        with parts.database.read() as connection:
            assert connection.execute(seen).scalar_one() == earlier
    browser.get("/auditors")
    with parts.database.read() as connection:
        assert connection.execute(seen).scalar_one() > earlier


def test_pictures_streams_and_films_are_parts_of_pages(parts: Parts) -> None:
    feed, films = AlertFeed(parts.stores.stream_events), job_films(parts.settings, parts.stores)
    pages = (*PAGES, *alert_pages(feed, bool), *film_pages(films, bool), *progress_pages(films.progress))
    endings = ("/still", "/stream", "/progress", "/{picture}", "/{address}", "/pictures/{number}")
    assert {page.path for page in pages if page.is_part} == {
        page.path for page in pages if page.path.endswith(endings)
    }
    assert sum(page.is_part for page in pages) == 7


@pytest.mark.parametrize("accepted", ["DE", "de-AT; q=0.8", "x" * 5000, "*", ",;,q=", "\u00e9"])
def test_whatever_languages_a_browser_accepts_it_has_a_page(browser: Visitor, accepted: str) -> None:
    assert browser.ask("/file", {"Accept-Language": accepted}).status_code == 200


def test_the_language_is_chosen_and_kept(browser: Visitor) -> None:
    answer = browser.post("/console/language", act="choose", language="de", next="/console?x=1")
    assert answer.headers["location"] == "/console?x=1"
    assert "regard-language=de" in answer.headers["set-cookie"]
    assert '<html lang="de">' in browser.get("/console/language").text


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/\tx"]
)
def test_nobody_is_led_to_another_site(browser: Visitor, to: str) -> None:
    answer = browser.post("/console/language", act="choose", language="de", next=to)
    assert answer.headers["location"] == "/console"


def test_a_file_may_be_kept_for_a_year_under_its_present_address_alone(browser: Visitor) -> None:
    page = browser.get("/console/language").text
    address = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    kept = browser.get(address)
    assert "immutable" in kept.headers["cache-control"]
    assert kept.headers["content-encoding"] == "gzip"
    stale = browser.get(address.replace(address.split("/")[3], "0" * 16))
    assert (stale.status_code, stale.headers["cache-control"]) == (200, "no-store")


def test_a_page_is_also_data(browser: Visitor, sign_in: SignIn) -> None:
    answer = signed_in(browser, sign_in("investigator")).get("/console", data=True)
    assert answer.json() == {"Waiting": [{"Heading": "Open cases", "Lines": []}]}


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("htmx.min.js", "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"),
        ("hx-sse.min.js", "18ef2761356ec1fe0bb6d92612315b37517a7c1e9856b661c5ae81fef239d103"),
    ],
)
def test_htmx_is_what_its_makers_published(name: str, digest: str) -> None:
    content = (files("regard.console") / "static" / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == digest

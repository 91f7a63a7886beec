"""Whatever data and logs hold, nothing in a page can run, and it asks for nothing from anywhere."""

import base64
import hashlib
import re
from importlib.resources import files

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeproof.report.html import html_page


def test_the_page_asks_for_nothing_from_anywhere(document, read):
    reader = read(html_page(document))
    loading = {"src", "srcset", "action", "formaction", "data", "poster", "background", "style"}
    for tag, attributes in reader.tags:
        assert tag not in {"link", "iframe", "img", "object", "embed", "form", "base", "use", "image"}
        assert not loading & set(attributes)
        assert attributes.get("href", "#").startswith("#")
    assert "url(" not in html_page(document)
    assert "@import" not in html_page(document)


def test_the_browser_may_run_our_script_and_style_alone(document, read):
    page = html_page(document)
    policy = next(a["content"] for t, a in read(page).tags if a.get("http-equiv"))
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"


def test_the_script_makes_no_html_of_text():
    script = files("pipeproof.report.html").joinpath("page.js").read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(", script)


NASTY = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</style><style>*{display:none}",
    "<!-- <svg/onload=alert(1)>",
    "]]></title></svg><iframe>",
    "&lt;b&gt;&#60;i&#62;",
    "\x00\x08\x0b\x1b[31m\x7f\x9b",
    "user\u202egnp.exe\u2066",
    "half \ud800 and \udfff",
    "\ufffe\uffff\U000e0001",
    "/etc/\x00passwd",
    "{{7*7}}${7*7}<%= 7 %>",
    "line\nline\r\nline\u2028line",
)
KEPT = {
    "schema",
    "status",
    "severity",
    "code",
    "class",
    "kind",
    "mode",
    "scenario",
    "fit",
    "seen",
    "expect",
    "side",
}


def rewritten(value, text, key=""):
    """Return a document in which every free text has another one at its end."""
    if isinstance(value, dict):
        free = key in {"outputs", "metrics", "params", "parameters", "about"}
        return {
            (name + text if free else name): rewritten(item, text, "" if free else name)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [rewritten(item, text, key) for item in value]
    if not isinstance(value, str) or not value or key in KEPT or key == "started_at":
        return value
    return value + text


def harmless(text):
    """Return a text of the same lines that holds nothing."""
    return "".join(character if character == "\n" else "x" for character in text)


def assert_nothing_is_added(read, document, text):
    page = html_page(rewritten(document, text))
    assert page.encode("utf-8")
    assert read(page).shape == read(html_page(rewritten(document, harmless(text)))).shape


@pytest.mark.parametrize("text", NASTY)
def test_hostile_text_everywhere_adds_no_element_and_no_attribute(text, run, read):
    assert_nothing_is_added(read, run, text)


def test_all_hostile_texts_together_add_nothing_to_any_page(document, read):
    assert_nothing_is_added(read, document, "".join(NASTY))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec=None, exclude_characters="`"), max_size=30))
def test_any_text_everywhere_adds_no_element_and_no_attribute(run, read, text):
    assert_nothing_is_added(read, run, text)


def test_no_character_that_steers_reaches_the_page(failing):
    page = html_page(rewritten(failing, "\x00\x1b\u202e\ud800\ufeff"))
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]", page)


def test_the_title_cannot_be_ended_by_the_name_of_a_pipeline(passing, read):
    page = html_page({**passing, "pipeline": "</title><script>alert(1)</script>"})
    assert [tag for tag, _ in read(page).tags].count("script") == 1


def test_texts_of_a_megabyte_everywhere_leave_the_page_below_one(failing):
    assert len(html_page(rewritten(failing, "y" * 1_000_000)).encode()) < 1_000_000

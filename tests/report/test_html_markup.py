"""Text becomes HTML at one place, and nothing that is given there can be anything but text."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.report.html.markup import LONGEST, cut, element, join, plain, prose


class Reader(HTMLParser):
    """What a parser finds: tags with their attributes, and text."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.texts = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.texts.append(data)


def read(markup):
    reader = Reader()
    reader.feed(markup.text)
    reader.close()
    return reader.tags, "".join(reader.texts)


@given(st.text(st.characters(codec=None), max_size=60), st.text(st.characters(codec=None), max_size=60))
def test_any_text_and_any_attribute_are_one_element(text, title):
    tags, _ = read(element("p", text, title=title))
    assert [(tag, list(attributes)) for tag, attributes in tags] == [("p", ["title"])]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cn", "Co", "Zl", "Zp"])))
def test_ordinary_text_is_read_as_it_was(text):
    assert read(element("p", text))[1] == text


@given(st.text(st.characters(codec=None), max_size=60))
def test_any_text_can_be_written_as_utf_8(text):
    assert element("p", text).text.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", r"a\x00b"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("user\u202etxt.exe", r"user\u202etxt.exe"),
        ("half \ud800", r"half \ud800"),
        ("\ufeffmark", r"\ufeffmark"),
    ],
)
def test_what_steers_the_page_is_written_out(text, shown):
    assert read(element("p", text))[1] == shown


def test_tabs_and_line_feeds_stay():
    assert read(element("pre", "a\tb\nc"))[1] == "a\tb\nc"


def test_joined_letters_of_other_scripts_stay():
    assert read(element("p", "می‌خواهم"))[1] == "می‌خواهم"


def test_a_very_long_text_is_cut_and_says_how_long_it_was():
    text = element("p", "x" * 1_000_000).text
    assert len(text) < LONGEST + 100
    assert "976,000 characters more" in text


def test_a_short_text_is_not_cut():
    assert cut("abc", 3) == "abc"


def test_nothing_is_written_for_none_and_lists_are_written_in_order():
    assert join([None, ["a", [1, 2.5]], element("b", "c")]).text == "a12.5<b>c</b>"


def test_attributes_are_named_as_in_html():
    text = element("a", class_="x", aria_label="y", hidden=True, title=None, data_no=False).text
    assert text == '<a class="x" aria-label="y" hidden></a>'


@pytest.mark.parametrize("name", ["onclick", "style", "src", "x y", 'x"'])
def test_attributes_in_which_something_could_run_are_refused(name):
    with pytest.raises(ValueError, match="no attribute"):
        element("p", **{name: "x"})


@pytest.mark.parametrize("to", ["javascript:alert(1)", "https://example.com", "#A b", "//example.com"])
def test_links_lead_into_the_page_alone(to):
    with pytest.raises(ValueError, match="leads nowhere"):
        element("a", "x", href=to)


def test_a_tag_that_is_none_is_refused():
    with pytest.raises(ValueError, match="no name"):
        element("p><script", "x")


def test_colours_of_a_terminal_are_taken_out_and_line_ends_are_one():
    assert plain("\x1b[31mred\x1b[0m\r\nnext\rover") == "red\nnext\nover"


def test_what_stands_between_backticks_is_code():
    assert join(prose("set `a: <b>` or `c`")).text == "set <code>a: &lt;b&gt;</code> or <code>c</code>"


def test_a_single_backtick_is_a_backtick():
    assert join(prose("it`s")).text == "it`s"

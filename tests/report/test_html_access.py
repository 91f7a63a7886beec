"""People can read a page: without a script, without colour, by ear, in the dark and on paper."""

import re
from importlib.resources import files
from itertools import pairwise

from pipeproof.report.html import html_page


def test_all_that_is_folded_away_can_be_unfolded_without_a_script(failing, read):
    reader = read(html_page(failing))
    tags = [tag for tag, _ in reader.tags]
    assert tags.count("details") == tags.count("summary") > 0
    assert not any("hidden" in attributes for _, attributes in reader.tags)


def test_headings_tables_and_pictures_are_named_for_those_who_hear_the_page(document, read):
    reader = read(html_page(document))
    levels = [int(tag[1]) for tag, _ in reader.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    tags = [tag for tag, _ in reader.tags]
    assert tags.count("table") == tags.count("caption")
    assert all(attributes.get("scope") for tag, attributes in reader.tags if tag == "th")
    for tag, attributes in reader.tags:
        assert tag != "svg" or attributes.get("role") == "img" or attributes.get("aria-hidden") == "true"


def test_no_two_elements_have_the_same_id_and_every_reference_has_its_element(document, read):
    reader = read(html_page(document))
    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    referred = " ".join(attributes.get("aria-labelledby", "") for _, attributes in reader.tags).split()
    assert set(referred) <= set(ids)


def luminance(colour):
    """Return the relative luminance of a colour as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def test_every_colour_of_text_has_the_contrast_that_wcag_asks_for_in_light_dark_and_print():
    style = files("pipeproof.report.html").joinpath("page.css").read_text("utf-8")
    schemes = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\n *\}", style, re.DOTALL)
    ]
    assert len(schemes) == 3
    for scheme in schemes:
        for text in ("ink", "soft", "good", "bad", "warn", "note", "dim"):
            for below in ("paper", "sheet"):
                assert contrast(scheme[text], scheme[below]) >= 4.5, (text, below, scheme)
        assert contrast(scheme["bad"], scheme["bad-sheet"]) >= 4.5

"""Versions of what is installed, read from real metadata in a folder."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from pipeproof.digest.packages import versions


def install(
    folder: Path, name: str, number: str, *files: str, requires: tuple[str, ...] = (), top: str = ""
) -> None:
    info = folder / f"{name}-{number}.dist-info"
    info.mkdir(parents=True)
    lines = [f"Name: {name}", f"Version: {number}", *(f"Requires-Dist: {one}" for one in requires)]
    (info / "METADATA").write_text("\n".join(lines) + "\n\nAbout it.\nRequires-Dist: nothing\n")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    if top:
        (info / "top_level.txt").write_text(top + "\n")


def test_an_import_name_leads_to_the_distribution_that_provides_it(tmp_path):
    install(tmp_path, "Fancy_Tool", "1.2", "tool/__init__.py")
    install(tmp_path, "other", "9", "other/__init__.py")
    assert versions(["tool"], [tmp_path]) == {"Fancy_Tool": "1.2"}


def test_a_distribution_of_the_same_name_is_no_proof(tmp_path):
    install(tmp_path, "sklearn", "0", top="nothing")
    install(tmp_path, "scikit-learn", "1.5", "sklearn/__init__.py")
    assert versions(["sklearn"], [tmp_path]) == {"scikit-learn": "1.5"}


def test_requirements_count_with_theirs_when_installed_and_those_of_extras_do_not(tmp_path):
    needs = ("B_b>=1; python_version >= '3'", "extra-one; extra == 'all'", "absent>2")
    install(tmp_path, "a", "1", "a.py", requires=needs)
    install(tmp_path, "b.b", "2", "b.py", requires=("c", "a"))
    install(tmp_path, "c", "3", "c.py")
    install(tmp_path, "extra-one", "4", "extra.py")
    assert versions(["a"], [tmp_path]) == {"a": "1", "b.b": "2", "c": "3"}


def test_all_distributions_of_a_shared_name_count(tmp_path):
    install(tmp_path, "space-a", "1", "space/a.py")
    install(tmp_path, "space-b", "2", "space/b.py")
    assert versions(["space"], [tmp_path]) == {"space-a": "1", "space-b": "2"}


def test_what_nothing_provides_stands_for_itself(tmp_path):
    assert versions(["nosuch"], [tmp_path]) == {"nosuch": ""}


def test_what_is_installed_later_is_found(tmp_path):
    versions(["late"], [tmp_path])
    install(tmp_path, "late", "1", "late.py")
    assert versions(["late"], [tmp_path]) == {"late": "1"}


def test_a_revision_stands_beside_a_version_from_a_repository(tmp_path):
    install(tmp_path, "a", "1", "a.py")
    (tmp_path / "a-1.dist-info/direct_url.json").write_text('{"url": "x", "vcs_info": {"commit_id": "abc"}}')
    assert versions(["a"], [tmp_path]) == {"a": "1@abc"}


def test_the_packages_of_this_environment_are_found_with_what_they_require():
    found = versions(["pydantic", "yaml"])
    assert found["pydantic"] == version("pydantic")
    assert found["PyYAML"] == version("PyYAML")
    assert found["pydantic_core"] == version("pydantic-core")

"""A whole of which no step can be run was not tried, whatever its sources are."""

import pipeproof as pp


def test_a_whole_whose_steps_are_all_left_out_is_skipped_and_says_why(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mailing.py").write_text("def mail(people):\n    return people\n")
    (tmp_path / "p.yaml").write_text(
        "sources: {people: {path: people.csv, contract: {columns: {age: integer}}}}\n"
        "workflow:\n"
        "  name: mailing\n"
        "  steps:\n"
        "    - {name: mail, type: python, effects: external,\n"
        "       config: {function: 'mailing.py:mail', inputs: {people: people}, output_name: sent}}\n"
    )
    proof = pp.test("p.yaml")
    whole = next(result for result in proof.verdict.results if result.trial.mode == "pipeline")
    assert (whole.status, whole.why) == ("skipped", "none of its steps can be run in a trial")
    assert [finding.code for finding in proof.findings] == ["PPF605"]

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from headwater.deletion.policy import Facts, load_policy
from headwater.errors import InvalidPolicy

LAST = '[[rule]]\nid = "rest"\nverdict = "undetermined"\n'
TMP = '[[rule]]\nid = "tmp"\nwhen = { name = "tmp/*", live = true }\nverdict = "delete"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "policy.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_first_rule_that_fits_decides(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path, f"version = 1\n{TMP}{LAST}"))

    assert policy.judge(Facts("state", name="tmp/a.csv", live=True)).id == "tmp"
    assert policy.judge(Facts("state", name="tmp/a.csv")).id == "rest"
    assert policy.judge(Facts("state", name="a.csv", live=True)).id == "rest"


def test_the_digest_is_of_what_a_policy_means(tmp_path: Path) -> None:
    first = load_policy(written(tmp_path, f"version = 1\n{TMP}{LAST}")).digest
    same = TMP.replace(
        'name = "tmp/*", live = true', 'live = true, name = "tmp/*"  # scratch'.replace("  # scratch", "")
    )

    assert load_policy(written(tmp_path, f"# mine\nversion = 1\n\n{same}{LAST}")).digest == first
    assert load_policy(written(tmp_path, f"version = 1\n{LAST}")).digest != first
    assert load_policy().digest == load_policy().digest != first


def test_the_part_of_a_name_that_identifies() -> None:
    policy = load_policy()

    assert policy.identifying("s3://lake/clients/c42/2024/profile.json") == "c42"
    assert policy.identifying("users/ann.json") == "ann"
    assert policy.identifying("clean.csv") is None
    assert policy.renamed("clients/c42/profile.json", "erased-1a2b") == "clients/erased-1a2b/profile.json"
    assert policy.renamed("clean.csv", "erased-1a2b") == "clean.csv"


def test_laws_give_a_month_or_days() -> None:
    policy = load_policy()

    assert policy.due(datetime(2026, 1, 31, 9, tzinfo=UTC), "gdpr") == datetime(2026, 2, 28, 9, tzinfo=UTC)
    assert policy.due(datetime(2026, 12, 5, tzinfo=UTC), "gdpr") == datetime(2027, 1, 5, tzinfo=UTC)
    assert policy.due(datetime(2026, 1, 1, tzinfo=UTC), "ccpa") == datetime(2026, 2, 15, tzinfo=UTC)
    with pytest.raises(InvalidPolicy, match="'lgpd'"):
        policy.due(datetime(2026, 1, 1, tzinfo=UTC), "lgpd")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version = 2\n" + LAST, "has version 2"),
        ("version = 1\nrules = 1\n" + LAST, "unknown key 'rules' in the file"),
        ("version = 1\n", "no rule for what no other one fits"),
        ("version = 1\n" + TMP, "no rule for what no other one fits"),
        ("version = 1\n" + TMP + TMP + LAST, "several rules 'tmp'"),
        ("version = 1\n" + LAST + TMP + LAST.replace("rest", "end"), "rule 'rest' that fits everything"),
        ("version = 1\n" + TMP.replace("delete", "remove") + LAST, "verdict 'remove' by rule 'tmp'"),
        ("version = 1\n" + TMP.replace("live", "alive") + LAST, "asks for 'alive' in rule 'tmp'"),
        ("version = 1\n" + TMP.replace("true", '"yes"') + LAST, "live = 'yes' in rule 'tmp'"),
        ("version = 1\n" + TMP.replace("delete", "keep") + LAST, "keeps by rule 'tmp' what nothing proves"),
        ("version = 1\n[[rule]]\n" + LAST, "no id at rule number 1"),
        ("version = 1\n" + LAST + '[names]\nidentifying = ["clients/*"]\n', "name pattern 'clients/\\*'"),
        ("version = 1\n" + LAST + '[erase]\nruns = "all"\n', "erases the runs 'all'"),
        ("version = 1\n" + LAST + "[due.gdpr]\nweeks = 4\n", r"no months or days in \[due.gdpr\]"),
        ("version = 1\n" + LAST + "[due.gdpr]\ndays = -1\n", r"gives -1 in \[due.gdpr\]"),
        ("version = ", "is no TOML"),
    ],
)
def test_what_is_wrong_with_a_policy_is_said_with_its_file(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)

    with pytest.raises(InvalidPolicy, match=message) as refused:
        load_policy(path)

    assert str(path) in refused.value.message
    assert refused.value.hint


def test_a_policy_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidPolicy, match="cannot be read: No such file"):
        load_policy(tmp_path / "none.toml")

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmarks import ranking
from benchmarks.ranking import METRICS, Fault, main, measure, report, score

from headwater.graph.ranking import FORMULAS
from tests.support.shared_data import shared_data

ROOT = Path(__file__).resolve().parents[2]


def trace(services: list[str], *, flagged: bool) -> dict[str, Any]:
    return {"id": "same", "services": services, "operation": "get", "flagged": flagged}


def document() -> dict[str, Any]:
    """Two faults: `culprit` is in the bad trace alone; `absent` is in none."""
    traces = [trace(["root", "culprit"], flagged=True), trace(["root", "other"], flagged=False)]
    return {"faults": [{"truth": "culprit", "traces": traces}, {"truth": "absent", "traces": traces}]}


@pytest.fixture
def faults_file(tmp_path: Path) -> Path:
    path = tmp_path / "faults.json"
    path.write_text(json.dumps(document()))
    return path


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_cause_in_bad_traces_alone_stands_first() -> None:
    fault = Fault("culprit", (("root", "culprit"), ("root", "other")), (True, False))

    assert measure(fault, fault.flags)["ochiai"] == score(1, 3)


def test_ties_stand_at_the_middle_of_their_places() -> None:
    fault = Fault("culprit", (("root", "culprit"), ("root", "other")), (True, False))

    assert measure(fault, fault.flags)["frequency"] == score(1.5, 3)


def test_repeated_trace_ids_are_different_traces(faults_file: Path) -> None:
    assert ranking.read_faults(faults_file)[0].flags == (True, False)


def test_a_place_gives_its_metrics() -> None:
    assert score(2, 10) == {"top1": 0, "top3": 1, "top5": 1, "mrr": 0.5, "exam": 0.2}


def test_a_shared_first_place_is_not_top_1() -> None:
    assert score(1.5, 10) == {"top1": 0, "top3": 1, "top5": 1, "mrr": 1 / 1.5, "exam": 0.15}


def test_a_cause_that_no_trace_holds_is_not_found() -> None:
    fault = Fault("absent", (("root",),), (True,))

    assert measure(fault, fault.flags)["ochiai"] == {"top1": 0, "top3": 0, "top5": 0, "mrr": 0, "exam": 1}


def test_the_report_holds_means_intervals_and_control(faults_file: Path) -> None:
    found = report(ranking.read_faults(faults_file))

    assert found["faults"] == 2
    assert found["formulas"].keys() == found["control"].keys() == FORMULAS.keys()
    assert found["formulas"]["ochiai"]["mrr"] == 0.5
    assert found["formulas"]["ochiai"]["interval"].keys() == set(METRICS)
    assert found["formulas"]["ochiai"]["interval"]["mrr"] == [0.0, 1.0]


def test_the_report_is_repeatable(faults_file: Path) -> None:
    faults = ranking.read_faults(faults_file)

    assert report(faults) == report(faults)


def test_the_control_loses_what_the_flags_knew() -> None:
    traces = (("root", "culprit"), *[("root", f"other {i}") for i in range(9)])
    fault = Fault("culprit", traces, (True, *[False] * 9))

    assert report([fault])["control"]["ochiai"]["mrr"] < report([fault])["formulas"]["ochiai"]["mrr"] == 1


@pytest.mark.parametrize("command", [("benchmarks/ranking.py",), ("-m", "benchmarks.ranking")])
def test_json_is_the_only_thing_on_stdout(command: tuple[str, ...], faults_file: Path) -> None:
    done = run(*command, str(faults_file), "--json")

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == report(ranking.read_faults(faults_file))


def test_files_are_united(faults_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(faults_file), str(faults_file), "--json"]) == 0

    assert json.loads(capsys.readouterr().out)["faults"] == 4


def test_the_table_names_every_formula_twice(faults_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(faults_file)]) == 0

    firsts = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert {formula: firsts.count(formula) for formula in FORMULAS} == dict.fromkeys(FORMULAS, 2)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not JSON: Expecting property name"),
        ("[]", "an object is needed, not list"),
        ("{}", "'faults' is missing"),
        ('{"faults": {}}', "'faults' must be list, not dict"),
        ('{"faults": []}', "'faults' is empty"),
        ('{"faults": [1]}', "fault 1: an object is needed, not int"),
        ('{"faults": [{"traces": []}]}', "fault 1: 'truth' is missing"),
        ('{"faults": [{"truth": "a", "traces": []}]}', "fault 1: 'traces' is empty"),
        ('{"faults": [{"truth": "a", "traces": [{"flagged": true}]}]}', "fault 1, trace 1: 'services' is missing"),
        ('{"faults": [{"truth": "a", "traces": [{"services": [1], "flagged": true}]}]}', "other than text"),
        ('{"faults": [{"truth": "a", "traces": [{"services": [], "flagged": 1}]}]}', "'flagged' must be bool, not int"),
        ("[" * 200_000, "not JSON"),
    ],
)
def test_a_malformed_file_is_one_line(
    text: str, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "faults.json"
    path.write_text(text)

    assert main([str(path)]) == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"ranking: {path}: ")
    assert complaint in err
    assert err.count("\n") == 1


def test_a_missing_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "absent.json"), "--json"]) == 1

    assert capsys.readouterr() == ("", f"ranking: {tmp_path / 'absent.json'}: No such file or directory\n")


@pytest.mark.parametrize("arguments", [[], ["--formula", "ochiai"]])
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)

    assert stopped.value.code == 2


@pytest.mark.slow
def test_ochiai_beats_frequency_and_the_control_on_the_public_faults() -> None:
    found = report(ranking.read_faults(shared_data("ranking/nezha_2022-08-23.json")))

    formulas, control = found["formulas"], found["control"]
    assert found["faults"] == 27
    assert formulas["frequency"]["top1"] == 0
    assert formulas["ochiai"]["top1"] == 9 / 27
    assert formulas["ochiai"]["interval"]["mrr"][0] > formulas["frequency"]["mrr"]
    assert formulas["ochiai"]["interval"]["mrr"][0] > control["ochiai"]["mrr"]

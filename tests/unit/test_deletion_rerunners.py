from __future__ import annotations

import json
from pathlib import Path

import pytest

from headwater import component, log_run
from headwater.deletion.rerunners import Command, Rerunners, Task
from headwater.errors import RerunFailed, UsageError
from headwater.sdk.reruns import next_run_id, rerunning

NASTY = "$(touch pwned) `touch pwned`; touch pwned ' \" & | > pwned \n*"


def rerun(**changed: object) -> Task:
    said = {"id": "new", "of": "old", "component": "train", "inputs": ("a b", NASTY), "outputs": ("m",)}
    return Task(**{**said, "params": {"lr": 0.1, "name": NASTY}, **changed})  # type: ignore[arg-type]


def words(folder: Path) -> list[str]:
    found: list[str] = json.loads((folder / "words").read_text())
    return found


WRITE = 'python3 -c \'import json, sys; json.dump(sys.argv[1:], open("words", "w"))\' '


def test_a_command_gets_each_value_as_one_word_whatever_is_in_it(tmp_path: Path) -> None:
    command = Command(WRITE + "--run={id} {of} {component} {params.lr} {params.name} {inputs} end", tmp_path)

    assert command(rerun()) is None

    assert words(tmp_path) == ["--run=new", "old", "train", "0.1", NASTY, "a b", NASTY, "end"]
    assert not (tmp_path / "pwned").exists()


def test_a_command_finds_the_rerun_in_its_environment(tmp_path: Path) -> None:
    write = "import json, os; json.dump({k: v for k, v in os.environ.items() if 'RERUN' in k}, open('words', 'w'))"

    Command(f'python3 -c "{write}"', tmp_path)(rerun(params={"lr": 0.1}))

    said = json.loads((tmp_path / "words").read_text())
    assert said["HEADWATER_RERUN_ID"] == "new"
    assert said["HEADWATER_RERUN_COMPONENT"] == "train"
    assert json.loads(said["HEADWATER_RERUN_INPUTS"]) == ["a b", NASTY]
    assert json.loads(said["HEADWATER_RERUN_PARAMS"]) == {"lr": 0.1}


def test_a_command_that_fails_tells_what_it_wrote_last() -> None:
    with pytest.raises(RerunFailed, match="ended with 3: no data"):
        Command("echo no data >&2; exit 3")(rerun())


def test_a_command_that_does_not_end_is_ended() -> None:
    with pytest.raises(RerunFailed, match="did not end within"):
        Command("sleep 60 & sleep 60", timeout_s=0.1)(rerun())


@pytest.mark.parametrize("text", ["run '{id}'", 'run "{params.x}"', "  "])
def test_a_command_that_could_misread_its_values_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Command(text)


def test_a_place_that_stands_for_nothing_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"params\.depth"):
        Command("run {params.depth}")(rerun())


def test_the_first_pattern_that_fits_decides() -> None:
    done: list[str] = []
    known = Rerunners.of({"train": lambda _: done.append("one"), "*": lambda _: done.append("any")})

    known.run(rerun())
    known.run(rerun(component="score"))

    assert done == ["one", "any"]


def test_a_component_that_nobody_reruns_is_named() -> None:
    with pytest.raises(RerunFailed, match="nobody reruns 'train'"):
        Rerunners.of({"score": "true"}).run(rerun())


def test_whatever_a_callable_raises_is_a_failed_rerun() -> None:
    def broken(_: Task) -> None:
        raise KeyError("x")

    with pytest.raises(RerunFailed, match="train: KeyError: 'x'"):
        Rerunners.of({"train": broken}).run(rerun())


def test_a_callable_may_name_the_run_that_it_recorded() -> None:
    assert Rerunners.of({"train": lambda _: "other"}).run(rerun()) == "other"
    assert Rerunners.of({"train": lambda _: None}).run(rerun()) == "new"


def test_only_the_first_run_of_the_component_has_the_id_that_was_asked_for() -> None:
    with rerunning("train", "new"):
        found = [next_run_id("score"), next_run_id("train"), next_run_id("train")]

    assert found[1] == "new"
    assert len({"new", *found, next_run_id("train")}) == 4


def test_a_program_takes_the_id_from_its_environment_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in rerun().environment().items():
        monkeypatch.setenv(name, value)

    assert next_run_id("score") != "new"
    assert next_run_id("train") == "new"
    assert next_run_id("train") != "new"


def test_both_ways_of_logging_take_the_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWATER_STORE", f"sqlite:///{tmp_path}/lineage.db")
    monkeypatch.chdir(tmp_path)
    from headwater import connect, current_run

    seen: list[str] = []

    @component(name="train")
    def train() -> None:
        seen.append(current_run().id)

    with connect() as lineage, rerunning("log", "logged"), log_run("log", lineage=lineage) as run:
        seen.append(run.id)
    with rerunning("train", "new"):
        train()

    assert seen == ["logged", "new"]

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from headwater.deletion.removers import Files, Removal, RemoveCommand, Removers
from headwater.errors import RemovalFailed, UsageError
from headwater.graph.model import Pointer


def state(name: str, run: str, content: bytes | None) -> Pointer:
    digest = None if content is None else f"sha256:{hashlib.sha256(content).hexdigest()}"
    return Pointer(f"{name}@{run}", name, "data", digest, run=run)


def removal(name: str, content: bytes | None = None, newest: Pointer | None = None) -> Removal:
    return Removal(state(name, "r1", content), newest)


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_the_file_of_a_state_is_deleted(tmp_path: Path) -> None:
    path = put(tmp_path, "data/c42.csv", b"rows")

    assert Files(tmp_path)(removal("data/c42.csv", b"rows")) == "removed"
    assert not path.exists()
    assert Files(tmp_path)(removal("data/c42.csv", b"rows")) == "gone"


NEWER = state("m", "r2", b"now")


@pytest.mark.parametrize(
    ("content", "old"),
    [
        (b"now", removal("m", b"old", NEWER)),
        (b"now", removal("m", None, NEWER)),
        (b"now", removal("m", b"now", NEWER)),
        (b"now", removal("m", b"now", state("m", "r2", None))),
        (b"something else", removal("m", b"old")),
    ],
)
def test_a_file_that_holds_another_state_or_may_is_kept(tmp_path: Path, content: bytes, old: Removal) -> None:
    path = put(tmp_path, "m", content)

    assert Files(tmp_path)(old) == "overwritten"
    assert path.read_bytes() == content


@pytest.mark.parametrize("old", [removal("m", b"old"), removal("m"), removal("m", b"old", NEWER)])
def test_a_file_that_still_holds_the_state_is_deleted(tmp_path: Path, old: Removal) -> None:
    put(tmp_path, "m", b"old")

    assert Files(tmp_path)(old) == "removed"


@pytest.mark.parametrize(
    ("command", "outcome"), [("rm -- {name}", "overwritten"), ("echo {state}", "removed"), ("echo {digest}", "removed")]
)
def test_a_command_that_knows_no_versions_is_not_asked_to_delete_what_is_live(
    tmp_path: Path, command: str, outcome: str
) -> None:
    path = put(tmp_path, "m", b"now")

    assert Removers.of({"*": RemoveCommand(command, tmp_path)}).remove(removal("m", b"old", NEWER)) == outcome
    assert Removers.of({"*": lambda _: "removed"}).remove(removal("m", b"old", NEWER)) == "overwritten"
    assert path.exists()


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "a/../../secret", "link", ".", "a/.."])
def test_nothing_outside_of_the_root_is_deleted(tmp_path: Path, name: str) -> None:
    secret = put(tmp_path, "secret", b"x")
    root = tmp_path / "root"
    put(root, "a/b", b"y")
    (root / "link").symlink_to(secret)

    with pytest.raises(RemovalFailed, match="outside of"):
        Files(root)(removal(name))

    assert secret.exists()


def test_a_folder_is_not_deleted(tmp_path: Path) -> None:
    put(tmp_path, "part/0", b"x")

    with pytest.raises(RemovalFailed, match="no file"):
        Files(tmp_path)(removal("part"))


def test_the_first_pattern_that_fits_decides_and_nobody_is_told(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", b"x")
    asked: list[str] = []
    known = Removers.of({"*.csv": tmp_path, "s3://*": lambda one: asked.append(one.state.id)})

    found = [known.remove(removal(name)) for name in ("a.csv", "s3://b/a", "other")]

    assert found == ["removed", "removed", "left"]
    assert asked == ["s3://b/a@r1"]
    assert not path.exists()


def test_a_command_gets_the_name_as_one_word(tmp_path: Path) -> None:
    name = "$(touch pwned) a'b"
    put(tmp_path, name, b"x")

    assert Removers.of({"*": RemoveCommand("rm -- {name}", tmp_path)}).remove(removal(name)) == "removed"
    assert list(tmp_path.iterdir()) == []


def test_whatever_a_remover_raises_stops_the_removal() -> None:
    def broken(_: Removal) -> None:
        raise OSError("no such bucket")

    for remover in (broken, "exit 1"):
        with pytest.raises(RemovalFailed):
            Removers.of({"*": remover}).remove(removal("a"))


def test_a_configuration_is_read_with_its_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from headwater.deletion.configuration import load_configuration
    from headwater.deletion.rerunners import Command
    from headwater.deletion.webhook import Webhook

    monkeypatch.setenv("RERUN_SECRET", "s3cret")
    path = put(
        tmp_path,
        "forget.toml",
        b"""
[policy]
four_eyes = true
[[rerun]]
component = "train"
command = "python train.py"
timeout_s = 60
[[rerun]]
component = "*"
webhook = "https://scheduler.example.com/reruns"
secret_env = "RERUN_SECRET"
[[remove]]
name = "data/*"
files = "."
[[remove]]
name = "s3://*"
command = "aws s3 rm {name}"
""",
    )

    found = load_configuration(path)

    assert found.is_four_eyes
    assert found.rerunners.find("train") == Command("python train.py", tmp_path, 60)
    assert found.rerunners.find("score") == Webhook("https://scheduler.example.com/reruns", "s3cret")
    assert found.removers.known[0] == ("data/*", Files(tmp_path))
    assert found.removers.known[1] == ("s3://*", RemoveCommand("aws s3 rm {name}", tmp_path))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[policy", "cannot be read"),
        ("[polici]\nx = 1", "'polici' is not known"),
        ("[[rerun]]\ncommand = 'x'", "number 1: 'component' is missing"),
        ("[[rerun]]\ncomponent = 'x'\ncommand = 'y'\ntimeout = 1", "timeout"),
        ("[[rerun]]\ncomponent = 'x'\nwebhook = 'https://h'\nsecret_env = 'NO_SUCH'", "no secret"),
        ("[[remove]]\nname = 'x'", "number 1: 'command' is missing"),
    ],
)
def test_a_mistake_in_a_configuration_is_named_with_its_place(tmp_path: Path, text: str, why: str) -> None:
    from headwater.deletion.configuration import load_configuration

    with pytest.raises(UsageError, match=why):
        load_configuration(put(tmp_path, "forget.toml", text.encode()))


def test_without_a_file_nothing_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from headwater.deletion.configuration import Configuration, load_configuration

    monkeypatch.chdir(tmp_path)

    assert load_configuration() == Configuration()
    with pytest.raises(UsageError, match="does not exist"):
        load_configuration(tmp_path / "none.toml")

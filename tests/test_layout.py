"""The shape of the repository and of what it ships: links, wheel, imports, no trace of a machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

LINKS = ("api", "graph", "loaders", "queries")

# Runs in an interpreter without site-packages: only the wheel and the standard library can be imported.
IMPORT_ALONE = """
import sys

class StandardLibraryOnly:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top != "headwater" and top not in sys.stdlib_module_names:
            raise ImportError(f"import headwater asked for {name}")

sys.meta_path.insert(0, StandardLibraryOnly())
sys.path.insert(0, sys.argv[1])
import headwater
print(headwater.__file__)
"""


def git(checkout: Path, *arguments: str) -> list[str]:
    """Return the NUL-separated answers of a git command, or skip outside of a git checkout."""
    if not (checkout / ".git").exists():
        pytest.skip("not a git checkout: nothing is tracked here")
    done = subprocess.run(["git", *arguments], cwd=checkout, capture_output=True, text=True, check=True)
    return [line for line in done.stdout.split("\0") if line]


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by way of the source distribution as a release is."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(checkout)]
    # The build backend looks for its program on PATH, where an environment that is not activated is not.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path})
    assert done.returncode == 0, done.stdout + done.stderr
    [built] = out.glob("*.whl")
    return built


@pytest.mark.parametrize("name", LINKS)
def test_a_signpost_at_the_root_leads_to_the_package(checkout: Path, name: str) -> None:
    link = checkout / name
    assert link.is_symlink()
    assert link.readlink() == Path("src/headwater") / name
    assert (link / "__init__.py").is_file()


def test_the_signposts_are_committed_as_links(checkout: Path) -> None:
    entries = git(checkout, "ls-files", "--stage", "-z", "--", *LINKS)
    if not entries:
        pytest.skip("the signposts are not committed yet")
    modes = {path: stage.split()[0] for stage, _, path in (entry.partition("\t") for entry in entries)}
    assert modes == dict.fromkeys(LINKS, "120000")


def test_the_wheel_has_one_import_name(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"headwater"}


def test_the_wheel_holds_every_module_and_data_file(checkout: Path, wheel: Path) -> None:
    source = checkout / "src"
    wanted = {
        path.relative_to(source).as_posix()
        for path in (source / "headwater").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert any(name.endswith(".cypher") for name in wanted)
    assert wanted <= set(zipfile.ZipFile(wheel).namelist())


def test_importing_the_wheel_needs_the_standard_library_alone(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    command = [sys.executable, "-I", "-S", "-c", IMPORT_ALONE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == tmp_path / "headwater" / "__init__.py"


def test_every_constraint_is_an_exact_version_without_an_address(checkout: Path) -> None:
    lines = (checkout / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert pins
    assert [line for line in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)] == []


def test_no_file_names_a_machine_path_or_a_package_registry(checkout: Path) -> None:
    paths = re.compile(r"(?<![\w.~-])/(?:work|root|tmp)/")
    registries = re.compile(
        r"pypi[.]org|pythonhosted[.]org|repo1?[.]maven|registry[.]npmjs|static[.]crates[.]io|deb[.]debian[.]org"
    )
    guilty = []
    for name in git(checkout, "ls-files", "--cached", "--others", "--exclude-standard", "-z"):
        file = checkout / name
        if file.is_file() and not file.is_symlink():
            text = file.read_bytes().decode("utf-8", errors="replace")
            guilty += [f"{name}: {hit[0]}" for hit in (paths.search(text), registries.search(text)) if hit]
    assert guilty == []

"""The house around the code: locked packages, make, the gate, the container."""

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distributions
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

HOME = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)
INDEX_HOSTS = ("py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "index" + "-url =")


def read(name: str) -> str:
    return (HOME / name).read_text()


def run(*command: str, cwd: Path = HOME) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def tracked() -> list[Path]:
    listed = run("git", "ls-files").stdout.splitlines()
    return [path for path in map(HOME.joinpath, listed) if path.is_file()]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# ------------------------------------------------------------------------------------------ tests on any machine


def test_no_property_fails_because_the_machine_is_slow() -> None:
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check


# ------------------------------------------------------------------------------------------ locked packages


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_carries_a_hash(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", read(lock), flags=re.MULTILINE))
    without = [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry]
    assert len(entries) > 40
    assert not without


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    assert "://" not in read(lock)


def test_no_file_under_version_control_names_a_package_index() -> None:
    naming = [
        str(path.relative_to(HOME))
        for path in tracked()
        if path.suffix not in {".gz", ".png"}
        and any(host in path.read_text(errors="replace") for host in INDEX_HOSTS)
    ]
    assert not naming
    assert (HOME / "uv.lock") not in tracked()


def test_what_runs_is_a_part_of_what_is_tested() -> None:
    runtime, dev = (set(PIN.findall(read(lock))) for lock in LOCKS)
    assert runtime < dev


def test_every_dependency_asked_for_is_locked() -> None:
    project = tomllib.loads(read("pyproject.toml"))
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    names = {canonical(re.split(r"[\[<>=;! ]", line)[0]) for line in asked}
    assert names <= {canonical(name) for name, _ in PIN.findall(read("requirements.lock"))}


def test_what_is_installed_is_what_is_locked() -> None:
    locked: dict[str, set[str]] = {}
    for name, version in PIN.findall(read("requirements-dev.lock")):
        locked.setdefault(canonical(name), set()).add(version)
    installed = {canonical(found.name): found.version for found in distributions()}
    differing = {
        name: version for name, version in installed.items() if name in locked and version not in locked[name]
    }
    assert not differing


def test_a_wheel_holds_the_five_packages_with_their_phrases_and_odds_and_nothing_else(tmp_path: Path) -> None:
    built = run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path))
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("seawall-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"market", "store", "commands", "scheduler", "bot"}
    assert {"commands/phrases/en.toml", "market/odds.json"} <= set(names)


# ------------------------------------------------------------------------------------------ installing


@pytest.fixture
def install() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", HOME / ".ci" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_python_too_old_is_told_in_a_sentence(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer; this one is 3\.9"):
        install.insist_on_python()


def test_a_failed_install_shows_what_pip_said_and_sets_no_stamp(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(HOME / ".ci" / "install.py", tmp_path / ".ci")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "absent.lock").write_text("--no-index\nnothing-of-this-name==1.0\n")
    told = run(sys.executable, ".ci/install.py", "absent.lock", "stamp", cwd=tmp_path)
    assert told.returncode == 1
    assert "Not installed." in told.stderr
    assert "No matching distribution found for nothing-of-this-name" in told.stderr
    assert not (tmp_path / "stamp").exists()


def installed_at(place: Path, says: Path) -> None:
    """An installed folder whose programs start the Python of `says`, as they do where it was made."""
    bin_folder = place / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "python").symlink_to(sys.executable)
    for name in ("seawall", "pip"):
        (bin_folder / name).write_text(f"#!{says / '.venv' / 'bin' / 'python'}\n")
    for name in ("Makefile", "requirements.lock", ".ci/install.py"):
        (place / name).parent.mkdir(exist_ok=True)
        shutil.copy(HOME / name, place / name)
    (place / ".venv" / ".runtime-installed").touch()


@pytest.mark.parametrize("is_moved", [False, True])
def test_a_folder_that_was_moved_or_copied_is_installed_anew_and_no_other(
    is_moved: bool, tmp_path: Path, install: ModuleType
) -> None:
    installed_at(tmp_path, tmp_path / "elsewhere" if is_moved else tmp_path)
    told = run("make", "--no-print-directory", "-n", "run", cwd=tmp_path)
    assert ("install.py" in told.stdout) is is_moved
    assert install.is_ours(tmp_path / ".venv") is not is_moved


# ------------------------------------------------------------------------------------------ make and the gate


def test_make_help_lists_every_target() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", read("Makefile"), re.MULTILINE)
    assert phony
    told = run("make", "--no-print-directory", "help").stdout
    missing = [target for target in phony[1].split() if f"make {target} " not in told]
    assert not missing


def test_the_gate_is_executable_and_asks_for_nothing_but_check_and_test() -> None:
    gate = HOME / ".ci" / "run"
    assert gate.stat().st_mode & 0o111
    assert re.findall(r"^make (\w+)", gate.read_text(), re.MULTILINE) == ["check", "test"]
    assert "apt" not in gate.read_text() + read("Makefile")


# ------------------------------------------------------------------------------------------ the container


def test_the_dockerfile_passes_its_linter() -> None:
    linted = run(str(Path(sys.executable).parent / "hadolint"), "Dockerfile")
    assert linted.returncode == 0, linted.stdout


def test_the_container_runs_as_nobody_special_and_says_whether_it_is_well() -> None:
    last_stage = read("Dockerfile").split("\nFROM ")[-1]
    user = re.search(r"^USER (\d+)$", last_stage, re.MULTILINE)
    assert user
    assert int(user[1]) > 0
    assert 'CMD ["seawall", "healthcheck"]' in last_stage
    assert 'ENTRYPOINT ["seawall"]\nCMD ["run"]' in last_stage
    assert "slim" in last_stage.splitlines()[0]


def test_everything_the_image_copies_is_let_through() -> None:
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", read("Dockerfile"), re.MULTILINE)
    allowed = set(re.findall(r"^!(\S+)$", read(".dockerignore"), re.MULTILINE))
    assert {name for line in copied for name in line.split()} == allowed


@pytest.mark.parametrize(
    "line", ["read_only: true", "cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]']
)
def test_both_services_are_shut_in(line: str) -> None:
    assert read("compose.yaml").count(line) == 2


def test_the_store_keeps_what_it_was_told_and_forgets_no_subscription_for_room() -> None:
    told = re.sub(r'\n\s+- "?|"', " ", read("compose.yaml"))
    assert "--appendonly yes" in re.sub(r" +", " ", told)
    assert "--maxmemory-policy noeviction" in re.sub(r" +", " ", told)


def test_a_token_comes_from_a_file_and_stands_nowhere() -> None:
    tokens = re.findall(r"SEAWALL_(\w+_TOKEN\w*): (\S+)", read("compose.yaml"))
    assert tokens
    assert all(name.endswith("_FILE") and place.startswith("/run/secrets/") for name, place in tokens)

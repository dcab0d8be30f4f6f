"""What is installed: exactly what is locked, listed for scanners; and no code that runs what it reads."""

import ast
import json
import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

HOME = Path(__file__).parent.parent
SHIPPED = ("market", "store", "commands", "scheduler", "bot", ".ci")
RUNS_WHAT_IT_READS = {
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "joblib",
    "cloudpickle",
    "yaml",
    "xml",
    "lxml",
    "code",
}
LOCKED = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


@pytest.fixture(scope="module")
def installed() -> ModuleType:
    """The script that compares, which lives in no package."""
    spec = spec_from_file_location("installed", HOME / ".ci" / "installed.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_installed_here_is_what_is_locked(installed: ModuleType) -> None:
    wanted = installed.locked((HOME / "requirements-dev.lock").read_text())
    assert list(installed.differences(wanted, list(installed.distributions()))) == []
    assert len(wanted) > 80


def test_another_version_a_missing_package_and_one_too_many_are_each_named(installed: ModuleType) -> None:
    wanted = installed.locked((HOME / "requirements-dev.lock").read_text())
    version = wanted.pop("httpx")
    wanted |= {"redis": "0.0.1", "left-pad": "1.0"}
    said = "\n".join(installed.differences(wanted, list(installed.distributions())))
    assert f"httpx {version} is installed and in no lock" in said
    assert "the lock says 0.0.1" in said
    assert "left-pad 1.0 is locked and not installed" in said


def test_a_package_of_another_machine_is_not_asked_for(installed: ModuleType) -> None:
    lock = (
        "tzdata==1.0 ; sys_platform == 'never' \\\n    --hash=sha256:ab\nidna==3.0 \\\n    --hash=sha256:cd\n"
    )
    assert installed.locked(lock) == {"idna": "3.0"}


def test_a_file_that_was_changed_after_it_was_installed_is_named(
    installed: ModuleType, tmp_path: Path
) -> None:
    folder = tmp_path / "thing-1.0.dist-info"
    folder.mkdir()
    (tmp_path / "thing.py").write_text("print('as it was')\n")
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    (folder / "RECORD").write_text("thing.py,sha256=AAAA,19\nthing-1.0.dist-info/RECORD,,\n")
    found = list(installed.distributions(path=[str(tmp_path)]))
    assert list(installed.changed_files(found)) == ["thing: thing.py is not as it was installed"]


def test_the_list_for_scanners_holds_every_locked_package_with_its_hashes(tmp_path: Path) -> None:
    written = tmp_path / "sbom.json"
    words = [
        "requirements",
        "requirements.lock",
        "--pyproject",
        "pyproject.toml",
        "--output-file",
        str(written),
    ]
    subprocess.run([sys.executable, "-W", "ignore", "-m", "cyclonedx_py", *words], cwd=HOME, check=True)
    told = json.loads(written.read_text())
    assert told["bomFormat"] == "CycloneDX"
    assert told["metadata"]["component"]["name"] == "seawall"
    listed = {(one["name"], one["version"]): one for one in told["components"]}
    lock = (HOME / "requirements.lock").read_text()
    assert set(LOCKED.findall(lock)) == set(listed)
    for one in listed.values():
        told_hashes = [found["content"] for place in one["externalReferences"] for found in place["hashes"]]
        assert told_hashes, one["name"]
        assert all(found in lock for found in told_hashes), one["name"]


def test_every_locked_package_has_hashes_and_no_index() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (HOME / name).read_text()
        assert "--index-url" not in text
        assert "://" not in re.sub(r"^ *#.*$", "", text, flags=re.MULTILINE)
        packages = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
        assert [one.split("==")[0] for one in packages if "--hash=sha256:" not in one] == []


def _trees() -> list[tuple[str, ast.Module]]:
    modules = [path for package in SHIPPED for path in sorted((HOME / package).rglob("*.py"))]
    return [(str(path.relative_to(HOME)), ast.parse(path.read_text())) for path in modules]


def test_nothing_that_is_shipped_runs_what_it_reads() -> None:
    found = []
    for name, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found += [
                    (name, one.name) for one in node.names if one.name.partition(".")[0] in RUNS_WHAT_IT_READS
                ]
            elif (
                isinstance(node, ast.ImportFrom)
                and (node.module or "").partition(".")[0] in RUNS_WHAT_IT_READS
            ):
                found.append((name, node.module or ""))
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"eval", "exec"}
            ):
                found.append((name, node.func.id))
            elif isinstance(node, ast.keyword) and node.arg == "shell":
                found.append((name, "shell"))
    assert found == []


def test_every_exception_from_the_security_lint_is_listed_with_its_reason() -> None:
    page = (HOME / "docs" / "security.md").read_text()
    modules = [path for package in SHIPPED for path in sorted((HOME / package).rglob("*.py"))]
    used = {
        (str(path.relative_to(HOME)), code)
        for path in modules
        for line in path.read_text().splitlines()
        for code in re.findall(r"\bS[0-9]{3}\b", line.partition("noqa:")[2])
    }
    missing = [
        (path, code) for path, code in used if not re.search(rf"`{re.escape(path)}` \| {code} \|", page)
    ]
    assert not missing

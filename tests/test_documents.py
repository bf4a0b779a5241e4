"""What is written about the project is true of it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from imgrec.catalogue.photo_status import PhotoStatus
from imgrec.config import Config, config_keys, load_config

ROOT = Path(__file__).resolve().parent.parent


def tracked(*patterns: str) -> list[Path]:
    """The files the project consists of."""
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_generated_documents_are_up_to_date() -> None:
    script = (
        "import runpy; written = runpy.run_path('docs/generate.py'); "
        "print(written['commands_page'](), written['config_file'](), sep='\\0', end='')"
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    commands, config = result.stdout.split("\0")
    assert (ROOT / "docs" / "commands.md").read_text(encoding="utf-8") == commands, "run: make fix"
    assert (ROOT / "config.yaml").read_text(encoding="utf-8") == config, "run: make fix"


def test_the_shipped_configuration_names_every_key_with_its_default(tmp_path: Path) -> None:
    shipped = ROOT / "config.yaml"
    content = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    for key in config_keys():
        section = content
        for part in key.split("."):
            assert part in section, key
            section = section[part]
    elsewhere = tmp_path / "config.yaml"
    elsewhere.write_text("", encoding="utf-8")
    defaults, of_file = load_config(elsewhere, {}), load_config(shipped, {})
    assert str(of_file).replace(str(ROOT), "") == str(defaults).replace(str(tmp_path), "")
    assert isinstance(of_file, Config)


def test_every_status_of_a_photo_is_explained() -> None:
    page = (ROOT / "docs" / "photos.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert explained == [str(status) for status in PhotoStatus]


@pytest.mark.parametrize(
    "page",
    ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/evaluation.md", "docs/photos.md", "docs/owner.md"],
)
def test_links_and_paths_in_the_documents_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", text)
    assert links
    for link in links:
        assert ((ROOT / page).parent / link).exists(), link


@pytest.mark.parametrize("page", ["README.md", "docs/owner.md"])
def test_commands_in_the_documents_exist(page: str) -> None:
    readme = (ROOT / page).read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"^\s*make (\w+)", readme, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    known = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    for command, options in re.findall(r"^\s*imgrec ((?:(?:sources|products) )?\w+)([^\n#]*)", readme, re.MULTILINE):
        assert f"## imgrec {command}\n" in known, command
        for option in re.findall(r"--[a-z-]+", options):
            assert option in known, option


def test_no_file_names_a_package_registry_or_a_path_of_somebodys_machine() -> None:
    forbidden = re.compile(r"(pypi\.org|pythonhosted|npmjs|/home/[a-z]+/|/root/|--(extra-)?index-url)")
    for file in tracked("*.py", "*.md", "*.toml", "*.txt", "*.yaml", "Makefile", "Dockerfile", ".ci/run"):
        if file.name == Path(__file__).name:
            continue
        found = forbidden.search(file.read_text(encoding="utf-8"))
        assert not found, f"{file}: {found and found.group()}"


def test_constraints_pin_every_dependency_exactly() -> None:
    pins = re.findall(r"^([A-Za-z0-9_.-]+)==\S+$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    pinned = {name.lower().replace("_", "-") for name in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    for requirement in wanted:
        name = re.split(r"[\[<>=]", requirement)[0].lower()
        assert name in pinned or name == project["name"], name


def test_the_serving_image_installs_no_extra() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"pip install .*\s\.$", dockerfile, re.MULTILINE)
    assert "[train" not in dockerfile

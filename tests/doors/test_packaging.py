"""Wheel, sdist and editable install, built and used in fresh environments."""

import shutil
import sys
import tarfile
import venv
import zipfile

import pytest

from tests.doors.programs import ROOT, SCRIPT, copy_of_project, run


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return copy_of_project(tmp_path_factory.mktemp("source") / "project")


@pytest.fixture(scope="module")
def built(project, tmp_path_factory):
    """The folder with the sdist, and with the wheel that was built from the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, project]
    process = run(command, folder)
    assert process.returncode == 0, process.stdout + process.stderr
    return folder


@pytest.fixture
def install(tmp_path):
    """Install into an environment of its own and return the folder of its programs."""

    def install(*requirements):
        folder = tmp_path / "environment"
        venv.create(folder, with_pip=False, symlinks=True)
        python = folder / "bin" / "python"
        command = [sys.executable, "-m", "pip", "--python", python, "install", *requirements]
        pip = run(command, tmp_path)
        assert pip.returncode == 0, pip.stdout + pip.stderr
        return folder / "bin"

    return install


def shows_its_pages(programs, folder):
    for page in (ROOT / "rules").glob("*.md"):
        code, _, name = page.stem.partition("-")
        for word in (code, name):
            shown = run([programs / "peft-lint", "rule", word], folder)
            assert (shown.returncode, shown.stderr) == (0, "")
            assert "# What it does" in shown.stdout
    return True


def names_in(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_the_package_and_its_pages_only(built):
    (wheel,) = built.glob("*.whl")
    names = names_in(wheel)
    outside = {name for name in names if not name.startswith(("peft_lint/", "peft_lint-"))}
    assert outside == set()
    pages = {f"peft_lint/rule_pages/{page.name}" for page in (ROOT / "rules").glob("*.md")}
    assert pages <= names
    assert {"peft_lint/rules/index.json", "peft_lint/knowledge/classes.json"} <= names
    assert not any({"tests", "testdata"} & set(name.split("/")) for name in names)


def test_the_sdist_holds_what_the_tests_need(built):
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"Makefile", "LICENSE", "README.md", "tests/doors/programs.py", "tools/make_index.py"}
    assert wanted <= names
    assert any(name.startswith("testdata/demo/") for name in names)


def test_the_wheel_of_the_sdist_is_the_wheel_of_the_project(built, project, tmp_path):
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel"]
    process = run([*command, "--outdir", tmp_path, project], tmp_path)
    assert process.returncode == 0, process.stdout + process.stderr
    (direct,), (through_sdist,) = tmp_path.glob("*.whl"), built.glob("*.whl")
    assert names_in(direct) == names_in(through_sdist)


def test_an_installed_wheel_lints_and_fixes(built, install, tmp_path):
    (wheel,) = built.glob("*.whl")
    programs = install(wheel)
    assert shows_its_pages(programs, tmp_path)
    (tmp_path / "a.py").write_text(SCRIPT)
    assert run([programs / "peft-lint", "a.py"], tmp_path).returncode == 1
    assert run([programs / "peft-lint", "--fix", "a.py"], tmp_path).returncode == 0


def test_an_installed_sdist_shows_its_pages(built, install, tmp_path):
    (sdist,) = built.glob("*.tar.gz")
    assert shows_its_pages(install("--no-deps", sdist), tmp_path)


def test_an_editable_install_reads_the_pages_of_the_checkout(project, install, tmp_path):
    checkout = tmp_path / "checkout"
    shutil.copytree(project, checkout)
    programs = install("--no-deps", "--editable", checkout)
    assert shows_its_pages(programs, tmp_path)
    page = checkout / "rules" / "PEF101-trained-checkpoint-reinitialised.md"
    heading = "# Why it is bad\n"
    page.write_text(page.read_text().replace(heading, f"{heading}\nA line of the checkout.\n"))
    shown = run([programs / "peft-lint", "rule", "PEF101"], tmp_path).stdout
    assert "A line of the checkout." in shown

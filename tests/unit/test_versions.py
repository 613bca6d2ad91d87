"""Which release decides, for every source and their order; specifiers agree with packaging."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from peft_lint.versions import LIBRARIES, Target, resolve, resolver
from peft_lint.versions.commands import of_commands
from peft_lint.versions.specifier import SpecifierError, exact, key, lower_bound, satisfies
from peft_lint.versions.target import known_releases

NEWEST = known_releases()["peft"][-1]


@pytest.fixture(autouse=True)
def _no_active_environment(monkeypatch):
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)


@pytest.fixture
def project(tmp_path):
    """Return a function that writes files into one project and resolves a script in it."""
    (tmp_path / ".git").mkdir()

    def write(files, script="train.py", text="", **overrides) -> Target:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            data = content if isinstance(content, bytes) else content.encode()
            path.write_bytes(data)
        resolver.forget()
        return resolve(str(tmp_path / script), overrides, text)

    return write


def said(target, library="peft"):
    return target.release(library), target.source(library), target.lowest(library)


UV_LOCK = 'version = 1\n\n[[package]]\nname = "peft"\nversion = "0.15.2"\nsource = { }\n'
PYPROJECT = '[project]\nname = "x"\ndependencies = ["peft>=0.12,<0.19", "torch"]\n'


def test_nothing_said_is_the_newest_known(project):
    target = project({})
    assert target == Target()
    assert said(target) == (NEWEST, "newest known release", None)
    assert not target.known("peft")
    assert target.at_least("transformers", "5.4") and not target.at_least("transformers", "6")
    assert target.allows("peft", ">=0.3") and not target.allows("peft", "<0.20")
    assert target.dependencies == ()


def test_every_library_has_a_newest_release():
    newest = {name: Target().release(name) for name in LIBRARIES}
    assert newest["peft"] == "0.21.2"
    assert newest["transformers"] == "5.23.0"
    assert newest["torch"] == "2.13.0"
    assert newest["trl"] == "1.16.0"
    assert all(key(version) for version in newest.values())
    for releases in known_releases().values():
        assert list(releases) == sorted(releases, key=key)
    with pytest.raises(KeyError):
        Target().release("numpy")


# -- each source ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"])
def test_toml_lock_files(project, name):
    table = "packages" if name == "pylock.toml" else "package"
    target = project({name: UV_LOCK.replace("[[package]]", f"[[{table}]]")})
    assert said(target) == ("0.15.2", f"locked in {name}", "0.15.2")
    assert [Path(path).name for path in target.dependencies] == [name]


def test_pipfile_lock(project):
    lock = {"default": {"peft": {"version": "==0.15.1"}, "editable": {"path": "."}}}
    assert said(project({"Pipfile.lock": json.dumps(lock)}))[:2] == (
        "0.15.1",
        "locked in Pipfile.lock",
    )


def test_lock_file_with_two_versions_decides_by_the_newest(project):
    lock = UV_LOCK + UV_LOCK.replace("0.15.2", "0.17.1")
    assert project({"uv.lock": lock}).release("peft") == "0.17.1"


def test_pyproject_range(project):
    target = project({"pyproject.toml": PYPROJECT})
    assert said(target) == ("0.18.1", "newest release that pyproject.toml allows", "0.12")
    assert target.known("peft") and not target.known("torch")
    assert target.release("torch") == Target().release("torch")


def test_pyproject_extras_and_groups_are_alternatives(project):
    text = """
[project]
name = "x"
[project.optional-dependencies]
train = ["peft[test]==0.19.*"]
[dependency-groups]
dev = ["Peft >= 0.10, < 0.14", {include-group = "other"}]
"""
    assert said(project({"pyproject.toml": text})) == (
        "0.19.1",
        "newest release that pyproject.toml allows",
        "0.10",
    )


@pytest.mark.parametrize(
    ("bounds", "release", "lowest"),
    [
        ('"^0.12"', "0.12.0", "0.12"),
        ('"^0.12.1"', "0.12.0", None),
        ('"~0.17"', "0.17.1", "0.17"),
        ('"~0.17.0"', "0.17.1", "0.17.0"),
        ('"0.16.0"', "0.16.0", "0.16.0"),
        ('"0.15.*"', "0.15.2", "0.15"),
        ('">= 0.8 <0.11"', "0.10.0", "0.8"),
        ('{version = "^0.17", extras = ["test"]}', "0.17.1", "0.17"),
        (
            '[{version = "0.9", python = "<3.9"}, {version = "^0.16", python = ">=3.9"}]',
            "0.16.0",
            "0.9",
        ),
        ('"^0.12 || ^0.14"', "0.14.0", "0.12"),
    ],
)
def test_poetry(project, bounds, release, lowest):
    target = project(
        {"pyproject.toml": f"[tool.poetry.dependencies]\npython = '^3.10'\npeft = {bounds}\n"}
    )
    if lowest is None:  # no release lies in the range: the project asks for its floor
        assert said(target)[::2] == ("0.12.1", "0.12.1")
    else:
        assert said(target)[::2] == (release, lowest)


def test_poetry_caret_above_one(project):
    text = "[tool.poetry.group.dev.dependencies]\ntransformers = '^4.38.2'\n"
    target = project({"pyproject.toml": text})
    assert said(target, "transformers")[::2] == ("4.57.6", "4.38.2")


def test_requirements_with_includes(project):
    files = {
        "requirements.txt": "# base\n-r reqs/base.txt  # more\n-c constraints.txt\npeft[test]>=0.3 \\\n   --hash=sha256:00\n",
        "reqs/base.txt": "transformers~=4.40.0\n-r ../requirements.txt\n",
        "constraints.txt": "peft<0.12\n",
    }
    target = project(files)
    assert said(target) == ("0.11.1", "newest release that requirements.txt allows", "0.3")
    assert said(target, "transformers")[::2] == ("4.40.2", "4.40.0")
    assert len(target.dependencies) == 3


def test_requirements_pin_and_encoding(project):
    target = project({"requirements.txt": "peft==0.11.1\r\n".encode("utf-16")})
    assert said(target) == ("0.11.1", "pinned in requirements.txt", "0.11.1")


def test_other_requirements_files_are_alternatives(project):
    target = project(
        {"requirements-gpu.txt": "peft==0.10.0", "requirements-cpu.txt": "peft==0.9.0"}
    )
    assert said(target)[::2] == ("0.10.0", "0.9.0")


def test_markers_are_alternatives(project):
    text = (
        'peft==0.11.0; python_version<"3.11"\npeft==0.19.0 ; python_version >= "3.11"\npeft!=0.1\n'
    )
    assert said(project({"requirements.txt": text}))[::2] == ("0.19.0", "0.11.0")


def test_environment_yml(project):
    text = """name: x
dependencies:
  - python=3.11
  - conda-forge::pytorch=2.1  # comment
  - transformers=4.40.1=py_0
  - accelerate >=0.20
  - pip
  - pip:
      - "peft==0.10.0"
      - -r extra.txt
"""
    target = project({"environment.yml": text, "extra.txt": "trl==0.8.6\n"})
    assert said(target)[:2] == ("0.10.0", "pinned in environment.yml")
    assert target.release("torch") == "2.1.2"
    assert target.release("transformers") == "4.40.1"
    assert target.lowest("accelerate") == "0.20"
    assert target.release("trl") == "0.8.6"


def test_project_environment(project, tmp_path, monkeypatch):
    folder = ".venv/lib/python3.12/site-packages"
    files = {
        f"{folder}/peft-0.13.2.dist-info/METADATA": "",
        f"{folder}/sentence_transformers-3.0.1.dist-info/METADATA": "",
        f"{folder}/torch-2.6.0+cu124.dist-info/METADATA": "",
        f"{folder}/trl-nonsense.dist-info/METADATA": "",
    }
    target = project(files)
    assert said(target) == ("0.13.2", "installed in .venv", None)
    assert target.release("sentence-transformers") == "3.0.1"
    assert target.at_least("torch", "2.6") and target.allows("torch", "==2.6.0")
    assert not target.known("trl")
    other = tmp_path / "env"
    (other / "Lib/site-packages/accelerate-0.30.1.dist-info").mkdir(parents=True)
    monkeypatch.setenv("CONDA_PREFIX", str(other))
    target = project({})
    assert said(target, "accelerate")[:2] == ("0.30.1", "installed in the active environment")


def test_never_the_linters_own_environment(project, monkeypatch):
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    assert project({}) == Target()


SCRIPT = '# /// script\n# requires-python = ">=3.10"\n# dependencies = [\n#   "peft==0.17.0",\n# ]\n# ///\nimport peft\n'


def test_script_block_isolates_from_the_project(project):
    for text in (SCRIPT, SCRIPT.replace("\n", "\r\n")):
        target = project({"uv.lock": UV_LOCK, "requirements.txt": "trl==0.8.6"}, text=text)
        assert said(target) == ("0.17.0", "pinned in the script's own block", "0.17.0")
        assert not target.known("trl")


def test_script_block_without_bounds_is_isolated_too(project):
    text = SCRIPT.replace("==0.17.0", "")
    assert said(project({"uv.lock": UV_LOCK}, text=text))[1] == "newest known release"


def test_script_block_without_a_library_changes_nothing(project):
    text = '# /// script\n# dependencies = ["rich"]\n# ///\n'
    assert project({"uv.lock": UV_LOCK}, text=text).release("peft") == "0.15.2"


# -- order ------------------------------------------------------------------------------------


def test_override_wins(project):
    target = project({"uv.lock": UV_LOCK}, text=SCRIPT, peft="0.19.1")
    assert said(target) == ("0.19.1", "given as target", "0.19.1")


@pytest.mark.parametrize("bad", [{"peft": "0.19.x"}, {"numpy": "1.0"}])
def test_bad_override_is_one_clear_error(bad):
    with pytest.raises(ValueError, match=r"known are|not a release, write e\.g\."):
        resolve(None, bad, "")


def test_lock_wins_over_declaration_pin_and_environment(project):
    files = {
        "uv.lock": UV_LOCK,
        "pyproject.toml": PYPROJECT,
        "requirements.txt": "peft==0.13.0",
        ".venv/lib/python3.11/site-packages/peft-0.14.0.dist-info/x": "",
    }
    assert said(project(files)) == ("0.15.2", "locked in uv.lock", "0.12")


def test_pin_in_requirements_narrows_pyproject(project):
    target = project({"pyproject.toml": PYPROJECT, "requirements.txt": "peft==0.13.0"})
    assert said(target) == ("0.13.0", "pinned in requirements.txt", "0.12")


def test_installed_decides_within_the_declared_range_only(project):
    files = {"pyproject.toml": PYPROJECT}
    near = ".venv/lib/python3.11/site-packages/peft-0.14.0.dist-info/x"
    assert said(project({**files, near: ""}))[:2] == ("0.14.0", "installed in .venv")
    stale = {"pyproject.toml": PYPROJECT.replace(">=0.12", ">=0.16")}
    assert project(stale).release("peft") == "0.18.1"


def test_nearest_folder_wins_and_the_walk_stops_at_the_repository(project, tmp_path):
    files = {
        "uv.lock": UV_LOCK,
        "examples/old/requirements.txt": "peft==0.5.0",
        "packages/a/pyproject.toml": PYPROJECT,
    }
    assert project(files, "examples/old/run.py").release("peft") == "0.5.0"
    assert project(files, "packages/a/run.py").release("peft") == "0.15.2"
    (tmp_path / "examples/old/.git").mkdir()
    (tmp_path / "examples/old/requirements.txt").unlink()
    resolver.forget()
    assert resolve(str(tmp_path / "examples/old/run.py"), {}, "") == Target()


def test_each_folder_is_read_once_for_all_directories_below(project, tmp_path, monkeypatch):
    project({"pyproject.toml": PYPROJECT, "a/x.py": "", "b/c/y.py": ""})
    resolver.forget()
    listed, listing = [], os.listdir
    monkeypatch.setattr(os, "listdir", lambda folder: listed.append(folder) or listing(folder))
    targets = [resolve(str(tmp_path / name), {}, "") for name in ("a/x.py", "b/c/y.py", "z.py")]
    assert {target.release("peft") for target in targets} == {"0.18.1"}
    assert sorted(listed) == [str(tmp_path / name) for name in ("", "a", "b", "b/c")]


@pytest.mark.parametrize(
    ("bounds", "bounded"),
    [("", False), (">=0.7", False), ("<0.13", True), ("==0.13.2", True), (">=99", False)],
)
def test_whether_a_release_that_nobody_knows_may_be_in_use(project, bounds, bounded):
    target = project({"requirements.txt": f"peft{bounds}\n"})
    assert target.bounded("peft") is bounded
    assert not target.bounded("trl")
    newest = known_releases()["peft"][-1]
    assert resolve(None, {"peft": newest}, "").bounded("peft")


def test_newer_than_everything_known(project):
    target = project({"requirements.txt": "peft>=99.1"})
    assert said(target)[::2] == ("99.1", "99.1")


# -- broken files -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("uv.lock", "<<<<<<< HEAD\n" + UV_LOCK + ">>>>>>> b\n"),
        ("uv.lock", b"\xff\xfe\x00garbage\xd8"),
        ("poetry.lock", '[[package]]\nname = "peft"\nversion = "no version"\n'),
        ("Pipfile.lock", "{ broken"),
        ("Pipfile.lock", '{"default": ["peft"]}'),
        ("Pipfile.lock", '{"peft": ' + "[" * 100_000),
        ("pyproject.toml", "[project\npeft = "),
        ("pyproject.toml", "[project]\npeft = " + "[" * 100_000),
        ("pyproject.toml", "project = 3 # peft\n[tool]\npoetry = 'peft'\n"),
        (
            "requirements.txt",
            "peft>=banana\npeft @ git+https://example.org/peft\n-r missing.txt\n-r .\n",
        ),
        ("requirements.txt", "peft\n"),
        ("requirements.txt", b"peft==0.1\x80"),
        ("environment.yml", "- peft=\n-\n- \n"),
        (".venv", "a file, not a folder"),
        ("uv.lock/nested", "a folder, not a file"),
    ],
)
def test_what_cannot_be_read_says_nothing(project, name, content):
    target = project({name: content})
    assert not target.known("peft")
    assert said(target) == (NEWEST, "newest known release", None)


def test_no_folder_at_all(tmp_path):
    (tmp_path / ".git").mkdir()
    assert resolve(str(tmp_path / "missing" / "x.py"), {}, "") == Target()


def test_repeated_resolution_reads_nothing(project, tmp_path, monkeypatch):
    first = project({"uv.lock": UV_LOCK})

    def refuse(*_):
        raise AssertionError("read again")

    monkeypatch.setattr("os.scandir", refuse)
    assert resolve(str(tmp_path / "eval.py"), {}, "") is first


def test_the_common_path_imports_neither_toml_nor_packaging(tmp_path):
    (tmp_path / ".git").mkdir()
    code = (
        "import sys; from peft_lint.versions import resolve;"
        f"target = resolve({str(tmp_path / 'x.py')!r}, {{}}, 'import peft');"
        "assert target.allows('peft', '>=0.3,<1') and target.at_least('peft', '0.20');"
        "bad = {'packaging', 'tomllib', 'tomli', 'yaml', 'importlib.metadata'} & set(sys.modules);"
        "assert not bad, bad"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(root)!r}); {code}"],
        check=True,
    )


# -- specifiers -------------------------------------------------------------------------------

numbers = st.integers(0, 3).map(str)
versions = st.builds(
    lambda release, pre, post, dev: ".".join(release) + pre + post + dev,
    st.lists(numbers, min_size=1, max_size=4),
    st.sampled_from(["", "", "", "a1", "b2", "rc1", "-rc.1"]),
    st.sampled_from(["", "", "", ".post1", "-1", "post"]),
    st.sampled_from(["", "", "", ".dev0", "dev2"]),
)


@given(versions, versions)
def test_order_agrees_with_packaging(one, other):
    assert (key(one) < key(other)) == (Version(one) < Version(other))


@given(
    versions,
    st.sampled_from(["", "", "+cu118", "+cpu.2"]),
    st.lists(
        st.tuples(st.sampled_from([">=", "<=", ">", "<", "==", "!=", "~="]), versions),
        min_size=1,
        max_size=2,
    ),
    st.sampled_from(["", "", ".*"]),
)
def test_specifiers_agree_with_packaging(version, local, pairs, star):
    text = ", ".join(
        operator
        + bound
        + (star if operator in ("==", "!=") and bound.replace(".", "").isdecimal() else "")
        for operator, bound in pairs
    )
    try:
        expected = SpecifierSet(text).contains(version + local, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        with pytest.raises(SpecifierError):
            satisfies(version + local, text)
    else:
        assert satisfies(version + local, text) is expected


@pytest.mark.parametrize("text", ["peft", ">=", "==1.x", "~=1", "=>1", "1.0"])
def test_not_a_specifier(text):
    with pytest.raises(SpecifierError):
        satisfies("1.0", text)


def test_bounds_of_specifiers():
    assert lower_bound(">=0.3,!=0.5,>0.4") == "0.4"
    assert lower_bound("<1") is None
    assert exact("==0.19.1") == "0.19.1"
    assert exact("==0.19.*") is None and exact(">=0.1") is None


@pytest.mark.parametrize(
    ("command", "ranges"),
    [
        ("pip install -q peft==0.4.0 'transformers>=4.30,<5'",
         {"peft": ("==0.4.0",), "transformers": (">=4.30,<5",)}),
        ("{sys.executable} -m pip install --upgrade peft[test]~=0.6", {"peft": ("~=0.6",)}),
        ("sudo uv pip install peft==0.5 && pip install trl==0.7 | tail -1",
         {"peft": ("==0.5",), "trl": ("==0.7",)}),
        ("conda install -y -c conda-forge peft=0.4", {"peft": ("==0.4.*",)}),
        ("PIP_QUIET=1 pip3 install peft==0.3", {"peft": ("==0.3",)}),
        # To the shell this is a file named `=0.4`.
        ("pip install peft>=0.4", {}),
        ("pip install -U peft git+https://example.org/peft", {}),
        ("pip install peft=={version}", {}),
        ("pip install peft==0.3 # or peft==0.4", {"peft": ("==0.3",)}),
        ("pip install peft==0.3 'open", {}),
        ("echo pip install peft==0.3", {}),
        ("pip uninstall peft==0.3", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_install_commands(command, ranges):
    assert dict(of_commands([command])) == ranges


def test_several_installs_of_one_library_are_alternatives():
    claim = resolve(None, {}, "", ("pip install peft==0.3.0", "pip install peft==0.5.0")).claims[
        "peft"
    ]
    assert (claim.release, claim.allowed) == ("0.5.0", ("==0.3.0", "==0.5.0"))
    assert claim.source == "pinned in the notebook's `pip install`"
    given = resolve(None, {"peft": "0.9.0"}, "", ("pip install peft==0.3.0",))
    assert given.release("peft") == "0.9.0"

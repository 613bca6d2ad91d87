"""Settings files: what they may say, which one counts, and where an error points."""

from pathlib import Path

import pytest

from peft_lint import settings
from peft_lint.options import OPTIONS
from peft_lint.settings import Settings, SettingsError, load, nearest


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings._search.cache_clear()
    yield tmp_path
    settings._search.cache_clear()


def test_the_table_and_the_dataclass_have_the_same_keys():
    fields = set(Settings._fields) - {"root", "targets", "source"}
    keys = {o.key.replace("-", "_") for o in OPTIONS if o.kind != "release"}
    assert keys == fields
    assert {"target-peft", "target-transformers", "target-trl"} <= {o.key for o in OPTIONS}


def test_every_option_is_read(folder):
    (folder / "pyproject.toml").write_text(
        "[tool.peft-lint]\n"
        'select = ["PEF", "syntax-error"]\nignore = ["PEF002"]\n'
        'extend-select = ["ALL"]\nextend-ignore = ["PEF001"]\n'
        'exclude = ["a/"]\nextend-exclude = ["*_pb2.py"]\n'
        'unfixable = ["PEF002"]\nextend-safe-fixes = ["PEF0"]\npreview = true\n'
        'target-peft = "0.19.1"\ntarget-trl = "1.0rc1"\n'
    )
    assert nearest(str(folder)) == Settings(
        root=str(folder),
        select=("PEF", "syntax-error"),
        ignore=("PEF002",),
        extend_select=("ALL",),
        extend_ignore=("PEF001",),
        exclude=("a/",),
        extend_exclude=("*_pb2.py",),
        unfixable=("PEF002",),
        extend_safe_fixes=("PEF0",),
        preview=True,
        targets=(("peft", "0.19.1"), ("trl", "1.0rc1")),
        source=str(folder / "pyproject.toml"),
    )


def test_the_nearest_file_counts(folder):
    inner = folder / "a" / "b"
    inner.mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[tool.peft-lint]\nignore = ["PEF001"]\n')
    (folder / "a" / "pyproject.toml").write_text('[project]\nname = "other"\n')
    assert nearest(str(inner)).ignore == ("PEF001",)
    settings._search.cache_clear()
    (folder / "a" / "peft-lint.toml").write_text('ignore = ["PEF002"]\n')
    assert nearest(str(inner)) == Settings(
        root=str(folder / "a"), ignore=("PEF002",), source=str(folder / "a" / "peft-lint.toml")
    )
    assert nearest(str(folder)).ignore == ("PEF001",)


def test_peft_lint_toml_goes_before_pyproject(folder):
    (folder / "pyproject.toml").write_text("[tool.peft-lint]\npreview = true\n")
    (folder / "peft-lint.toml").write_text("")
    assert nearest(str(folder)).preview is False


def test_without_a_file_nothing_is_set(folder):
    assert nearest(str(folder)) == Settings(root=str(Path.cwd()))


def test_a_broken_pyproject_of_others_is_not_our_business(folder):
    (folder / "pyproject.toml").write_text("[project\n")
    assert nearest(str(folder)) == Settings(root=str(Path.cwd()))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[project]\nname = "x"\n\n[tool.peft-lint]\nselect = ["PEF"]\nexlcude = ["x"]\n', "pyproject.toml:6: unknown option `exlcude`; did you mean `exclude`?"),
        ('exclude = 1\n[tool.peft-lint]\nexclude = "x"\n', "pyproject.toml:3: `exclude` must be a list of strings"),
        ("[tool.peft-lint]\nselect = [1]\n", "pyproject.toml:2: `select` must be a list of strings"),
        ('[tool.peft-lint]\npreview = "yes"\n', "pyproject.toml:2: `preview` must be true or false"),
        ("[tool.peft-lint]\ntarget-peft = 0.19\n", 'pyproject.toml:2: `target-peft` must be a string such as "1.2.0"'),
        ('[tool.peft-lint]\n\ntarget-peft = "new"\n', "pyproject.toml:3: `new` is not a release such as 1.2.0"),
        ('[tool.peft-lint]\nignore = [\n  "PEF0022",\n]\n', "pyproject.toml:2: unknown rule `PEF0022`; did you mean `PEF002`?"),
        ("[tool.peft-lint]\nselect = [\n", "pyproject.toml:2: not valid TOML: "),
        ("[tool.peft-lint]\nselect = " + "[" * 100_000, "pyproject.toml: not settings: nested too deep"),
        ("[tool]\npeft-lint = 3\n", "pyproject.toml:2: `peft-lint` must be a table"),
        ('[tool]\npeft-lint = { exlcude = ["x"] }\n', "pyproject.toml:2: unknown option `exlcude`; did you mean `exclude`?"),
        ('tool.peft-lint.exlcude = ["x"]\n', "pyproject.toml:1: unknown option `exlcude`; did you mean `exclude`?"),
        ("[tool.peft-lint.lint]\nselect = []\n", "pyproject.toml:1: unknown option `lint`"),
        ("[tool.peft-lint]\nqqq = 1\n", "pyproject.toml:2: unknown option `qqq`; `peft-lint settings --schema` lists them"),
        ('[tool.peft-lint]\nselect = "PEF1"\n', 'pyproject.toml:2: `select` must be a list of strings, such as ["PEF1"]'),
        ("[project]\n\n[tool.peft_lint]\nselect = []\n", "pyproject.toml:3: `peft_lint` is not read here: write [tool.peft-lint]"),
        ("[project]\n\n[peft-lint]\nselect = []\n", "pyproject.toml:3: `peft-lint` is not read here: write [tool.peft-lint]"),
    ],
)  # fmt: skip
def test_errors_name_the_place_and_what_to_do(folder, text, message):
    (folder / "pyproject.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        nearest(str(folder))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_broken_toml_is_named_with_its_line(folder):
    (folder / "peft-lint.toml").write_text("preview = true\nselect = = 1\n")
    with pytest.raises(SettingsError, match=r"^peft-lint.toml:2: not valid TOML: "):
        load("peft-lint.toml")


def test_a_file_of_our_own_has_no_header(folder):
    (folder / "peft-lint.toml").write_text("\n[tool.peft-lint]\npreview = true\n")
    with pytest.raises(SettingsError, match=r"^peft-lint.toml:2: the options stand here by them"):
        load("peft-lint.toml")


def test_a_project_that_only_depends_on_it_has_no_settings(folder):
    text = '[dependency-groups]\ndev = ["peft-lint"]\n[tool.ruff]\nsrc = ["peft_lint"]\n'
    (folder / "pyproject.toml").write_text(text)
    assert load("pyproject.toml") is None


def test_a_file_that_is_not_text(folder):
    (folder / "peft-lint.toml").write_bytes(b"preview = true\n# \xff\n")
    with pytest.raises(SettingsError, match=r"^peft-lint.toml:2: not UTF-8 text$"):
        load("peft-lint.toml")


def test_a_byte_order_mark_is_no_part_of_the_settings(folder):
    (folder / "pyproject.toml").write_bytes(b"\xef\xbb\xbf[tool.peft-lint]\npreview = true\n")
    assert nearest(str(folder)).preview is True


def test_a_file_that_is_not_there():
    with pytest.raises(SettingsError, match=r"^gone.toml: No such file"):
        load("gone.toml")


def test_tables_of_patterns_and_of_severities(folder):
    (folder / "pyproject.toml").write_text(
        "[tool.peft-lint.per-file-ignores]\n"
        '"tests/*" = ["PEF2", "head-not-saved"]\n'
        "[tool.peft-lint.severity]\n"
        'PEF202 = "error"\n'
    )
    found = nearest(str(folder))
    assert found.per_file_ignores == (("tests/*", ("PEF2", "head-not-saved")),)
    assert found.severity == (("PEF202", "error"),)
    assert found.source == str(folder / "pyproject.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[tool.peft-lint.severity]\nPEF101 = "info"\nPEF202 = "eror"\n', "pyproject.toml:3: `PEF202` must be one of error, warning, info; did you mean `error`?"),
        ('[tool.peft-lint]\nseverity = { PEF9999 = "info" }\n', "pyproject.toml:2: unknown rule `PEF9999`"),
        ('[tool.peft-lint.severity]\nPEF2022 = "info"\n', "pyproject.toml:2: unknown rule `PEF2022`; did you mean `PEF202`?"),
        ('[tool.peft-lint.per-file-ignores]\n"a.py" = []\n"b/*.py" = ["PEF2022"]\n', "pyproject.toml:3: unknown rule `PEF2022`; did you mean `PEF202`?"),
        ('[tool.peft-lint.per-file-ignores]\n"a.py" = "PEF202"\n', "pyproject.toml:2: `a.py` must be a list of strings"),
        ("[tool.peft-lint]\nper-file-ignores = []\n", "pyproject.toml:2: `per-file-ignores` must be a table"),
    ],
)  # fmt: skip
def test_errors_inside_tables_name_their_line(folder, text, message):
    (folder / "pyproject.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        nearest(str(folder))
    assert str(caught.value).startswith(message)


def test_places_of_the_keys(folder):
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "x"\n[tool.peft-lint]\npreview = true\nselect = []\n'
        '[tool.peft-lint.severity]\nPEF202 = "error"\n'
    )
    found = settings.places(str(folder / "pyproject.toml"))
    assert found == {
        "preview": "pyproject.toml:4",
        "select": "pyproject.toml:5",
        "severity": "pyproject.toml:6",
    }

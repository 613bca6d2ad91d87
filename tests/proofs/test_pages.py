"""Every rule has a proof, and the proof holds for the example on the rule's own page."""

import importlib
from pathlib import Path

import pytest

from peft_lint.rulebook import all_rules
from tests.rules.pages import pages, read

HERE = Path(__file__).parent
# The rules of the tool itself (PEF0) speak of files and comments: nothing of PEFT to prove.
PAGES = {code: path for code, path in pages().items() if not code.startswith("PEF0")}


@pytest.mark.parametrize("code", [r.code for r in all_rules() if r.module])
def test_every_rule_has_a_proof(code):
    file = HERE / f"test_{code.lower()}.py"
    assert file.exists(), (
        f"{code} has no proof: write tests/proofs/{file.name} with a function "
        "`proof(example, use_instead)` that runs both texts and asserts what they do"
    )
    assert code in PAGES, f"{code} is in the index but rules/ has no page {code}-<name>.md"


def proof_of(code):
    """Return a rule's proof as a parameter, marked where it names a stack."""
    file = HERE / f"test_{code.lower()}.py"
    proof = importlib.import_module(f"tests.proofs.{file.stem}") if file.exists() else None
    return pytest.param(code, marks=getattr(proof, "pytestmark", ()))


@pytest.mark.parametrize("code", map(proof_of, PAGES))
def test_the_example_misbehaves_and_the_fixed_text_is_right(code):
    page = read(PAGES[code])
    module = importlib.import_module(f"tests.proofs.test_{code.lower()}")
    module.proof(page.script("Example"), page.script("Use instead"))


@pytest.mark.parametrize("code", PAGES)
def test_the_page_names_its_proof(code):
    evidence = read(PAGES[code]).section("Evidence").text
    assert f"tests/proofs/test_{code.lower()}.py" in evidence, (
        f"name the proof tests/proofs/test_{code.lower()}.py in the Evidence of {code}"
    )

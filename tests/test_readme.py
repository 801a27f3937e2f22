"""What the README promises: its two commands are the ones that .ci/run runs, its figures come from the measured file."""

import json
import re

import pytest

from dixtill_core.paths import BUNDLED_PAIR, PROJECT
from scripts.readme_results import EVALUATION, README, made_readme

TEXT = README.read_text(encoding="utf-8")


def test_the_two_commands_are_there_word_for_word():
    assert "\npip install -r requirements.txt && streamlit run dashboard/app.py\n" in TEXT
    assert "\npip install -r requirements-dev.txt && pytest\n" in TEXT


def test_the_results_are_those_of_the_measured_file():
    assert made_readme(TEXT) == TEXT


def test_the_bundled_pair_keeps_what_it_promises_on_texts_it_never_saw():
    """The floor of the published figures; the file is made by `dixtill evaluate`, see scripts/readme_results.py."""
    found = json.loads(EVALUATION.read_text(encoding="utf-8"))
    assert found["teacher"]["accuracy"] >= 0.85
    assert found["teacher"]["macro_f1"] >= 0.80
    assert found["student"]["accuracy"] >= 0.84
    assert found["student"]["macro_f1"] >= 0.78
    assert found["agreement"]["feature_agreement@3"] >= 0.50
    assert found["agreement"]["sign_agreement@3"] >= 0.45


def test_the_bundled_models_are_as_small_as_promised():
    assert sum(file.stat().st_size for file in (BUNDLED_PAIR / "student").iterdir()) <= 4_000_000
    assert (BUNDLED_PAIR / "teacher" / "adapter_model.safetensors").stat().st_size < 3_000_000


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", TEXT))
def test_every_local_link_leads_somewhere(link):
    assert (PROJECT / link).exists()

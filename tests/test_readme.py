"""What the README promises: its two commands are the ones that .ci/run runs, its figures come from the measured file."""

import re

import pytest

from dixtill_core.experiments.results import read_results
from dixtill_core.paths import BUNDLED_PAIR, PROJECT
from scripts.publish_results import README, made_readme

TEXT = README.read_text(encoding="utf-8")


def test_the_two_commands_are_there_word_for_word():
    assert "\npip install -r requirements.txt && streamlit run dashboard/app.py\n" in TEXT
    assert "\npip install -r requirements-dev.txt && pytest -n 2 --dist loadfile\n" in TEXT


def test_the_results_are_those_of_the_measured_file():
    assert made_readme(TEXT) == TEXT


def test_the_published_students_keep_what_the_project_promises_on_texts_they_never_saw():
    """The floor of the published figures, which `dixtill reproduce` measured."""
    results = read_results()

    def mean(table: str, **equal: object) -> float:
        return results.select(table, **equal)["value"].mean()

    assert mean("quality", model="teacher", metric="macro_f1") >= 0.82
    assert mean("quality", model="dixtill", metric="macro_f1") >= 0.81
    own = {"model": "dixtill", "explainer": "attention"}
    assert mean("agreement", metric="feature_agreement", k=3, **own) >= 0.55
    assert mean("agreement", metric="sign_agreement", k=3, **own) >= 0.50
    assert mean("efficiency", model="dixtill", metric="compression") >= 127
    assert mean("efficiency", model="dixtill", metric="speedup_150", k=32) >= 500
    assert mean("efficiency", model="dixtill", metric="speedup_corpus", k=1) >= 300


def test_dixtill_leads_every_other_method_in_agreement_and_the_lead_is_significant():
    differences = read_results().select("difference")
    for other in ("ce", "kl", "mse"):
        for metric in ("feature_agreement", "sign_agreement"):
            of_pair = differences[differences["model"] == f"dixtill-{other}"]
            lead, p = (of_pair[of_pair["metric"] == name].set_index("k")["value"] for name in (metric, f"{metric}_p"))
            assert list(lead.index) == [1, 2, 3, 4, 5]
            assert (lead > 0).all()
            assert (p < 0.05).all()


def test_the_bundled_models_are_as_small_as_promised():
    assert sum(file.stat().st_size for file in (BUNDLED_PAIR / "student").iterdir()) <= 4_000_000
    assert (BUNDLED_PAIR / "teacher" / "adapter_model.safetensors").stat().st_size < 3_000_000


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", TEXT))
def test_every_local_link_leads_somewhere(link):
    assert (PROJECT / link).exists()

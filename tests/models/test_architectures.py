"""What a teacher promises holds for every architecture: made, saved and loaded as a user's own classifier would be."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from dixtill_core.comparison import compare
from dixtill_core.config import DistillConfig, ExplainConfig, StudentConfig
from dixtill_core.data.datasets import load_dataset
from dixtill_core.data.words import split_words
from dixtill_core.distill.trainer import distill
from dixtill_core.errors import ModelError
from dixtill_core.explain.gradients import EmbeddedTexts
from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.models.classifier import NO_WORD
from dixtill_core.models.pair import load_pair
from dixtill_core.models.teacher import Teacher, load_teacher
from tests.small_models import ARCHITECTURES, LABELS, SENTENCES, save_architecture
from tests.small_tokenizers import roberta_bytes

NO_PADDING_TOKEN = ("gpt2", "llama", "llama-3")
DECODERS = (*NO_PADDING_TOKEN, "qwen2")
ODD = (
    "  The bank's $ACME rose +12% 👍🏽, state-of-the-art!!",
    "שלום עולם: profit 3.5bn, (U.S.) 我们 café ﬁne",
    "<b>gold</b> — “oil” 🇮🇹 don’t… #up @you https://x.co/a?b=1",
)
TEXTS = (*SENTENCES, *ODD, "gold", "the bank " * 90, "", "\u200b")
STRANGE_LABELS = ("👍🏽", "<b>up</b>", "0", "not sure at all", "שלום", "a/b", "'; --", "é", " ", "-1")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    root = tmp_path_factory.mktemp("architectures")
    return lambda kind: root / kind if (root / kind).exists() else save_architecture(kind, root / kind)


@pytest.fixture(scope="module")
def teachers(folders: Callable[[str], Path]) -> Callable[[str], Teacher]:
    loaded: dict[str, Teacher] = {}

    def teacher_of(kind: str) -> Teacher:
        if kind not in loaded:
            loaded[kind] = load_teacher(folders(kind), device="cpu")
        return loaded[kind]

    return teacher_of


@pytest.fixture(params=ARCHITECTURES)
def teacher(request: pytest.FixtureRequest, teachers: Callable[[str], Teacher]) -> Teacher:
    return teachers(request.param)


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


# Prediction


def test_a_text_alone_has_the_answer_that_it_has_in_a_ragged_batch(teacher: Teacher) -> None:
    alone = np.stack([teacher.predict([text])[0] for text in TEXTS])
    np.testing.assert_allclose(teacher.predict(TEXTS), alone, atol=1e-4)
    np.testing.assert_allclose(teacher.predict(TEXTS, batch_size=3), alone, atol=1e-4)
    assert np.ptp(alone, axis=0).min() > 0.2  # so that the tolerance means something


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_logits_are_those_that_transformers_has(teachers: Callable[[str], Teacher], folders: Callable[[str], Path], kind: str) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(folders(kind)).eval()
    tokenizer = AutoTokenizer.from_pretrained(folders(kind))
    for text in TEXTS[:10]:
        with torch.no_grad():
            expected = model(**tokenizer(text, return_tensors="pt")).logits[0]
        np.testing.assert_allclose(teachers(kind).predict([text])[0], expected, atol=1e-4)


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_the_side_on_which_a_saved_tokenizer_pads_does_not_matter(
    teachers: Callable[[str], Teacher], folders: Callable[[str], Path], tmp_path: Path, kind: str
) -> None:
    expected = teachers(kind).predict(TEXTS)
    for side in ("left", "right"):
        folder = save_architecture(kind, tmp_path / side)
        edit(folder / "tokenizer_config.json", padding_side=side)
        np.testing.assert_allclose(load_teacher(folder, device="cpu").predict(TEXTS), expected, atol=1e-4)


@pytest.mark.parametrize("kind", ["bert", "modernbert", "qwen2"])
def test_weights_saved_in_half_precision_are_run_in_float32(tmp_path: Path, kind: str) -> None:
    folder = save_architecture(kind, tmp_path / kind)
    AutoModelForSequenceClassification.from_pretrained(folder).to(torch.bfloat16).save_pretrained(folder)
    teacher = load_teacher(folder, device="cpu")
    assert {parameter.dtype for parameter in teacher.model.parameters()} == {torch.float32}
    assert all(found.converged for found in integrated_gradients(teacher, SENTENCES[:2]))


# Padding tokens that do not fit


@pytest.mark.parametrize("kind", NO_PADDING_TOKEN)
def test_a_tokenizer_without_a_padding_token_pads_with_what_the_network_skips(teachers: Callable[[str], Teacher], kind: str) -> None:
    teacher = teachers(kind)
    assert AutoTokenizer.from_pretrained(teacher.name).pad_token is None
    assert teacher.padding_id == teacher.model.config.pad_token_id == teacher.tokenizer.eos_token_id


@pytest.mark.parametrize("kind", DECODERS)
def test_a_network_that_skips_another_token_than_the_tokenizer_pads_with_is_set_right(tmp_path: Path, kind: str) -> None:
    folder = save_architecture(kind, tmp_path / kind)
    edit(folder / "config.json", pad_token_id=5)
    teacher = load_teacher(folder, device="cpu")
    alone = [teacher.predict([text])[0] for text in TEXTS]
    np.testing.assert_allclose(teacher.predict(TEXTS), alone, atol=1e-4)


def test_a_padding_token_without_an_embedding_is_replaced_and_another_piece_is_refused(tmp_path: Path) -> None:
    folder = save_architecture("gpt2", tmp_path / "gpt2")
    expected = load_teacher(folder, device="cpu").predict(TEXTS)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_special_tokens({"pad_token": "[PAD]"})
    tokenizer.save_pretrained(folder)
    np.testing.assert_allclose(load_teacher(folder, device="cpu").predict(TEXTS), expected, atol=1e-4)
    tokenizer.add_tokens(["$ACME"])
    tokenizer.save_pretrained(folder)
    with pytest.raises(ModelError, match=r"no embedding for, '\$ACME'"):
        load_teacher(folder)


# Pieces and words


def spans(teacher: Teacher, text: str) -> list[tuple[int, int]]:
    return teacher.tokenizer(text, return_offsets_mapping=True)["offset_mapping"]


def test_the_pieces_of_each_word_reach_over_all_of_it_and_none_of_another(teacher: Teacher) -> None:
    # Unigram makes one piece of neighbouring characters that it does not know, whichever words they are of.
    known = SENTENCES if "unigram" in type(teacher.tokenizer.backend_tokenizer.model).__name__.lower() else (*SENTENCES, *ODD)
    for text in known:
        pieces = teacher.encode([text]).piece_words[0]
        for position, word in enumerate(split_words(text)):
            own = [span for span, index in zip(spans(teacher, text), pieces, strict=True) if index == position]
            assert own, f"{word.text!r} of {text!r} has no piece"
            reached = text[min(start for start, _ in own) : max(end for _, end in own)]
            assert reached.strip() == word.text


def test_every_character_of_every_word_is_in_a_piece_of_that_word_or_of_its_neighbour(teacher: Teacher) -> None:
    for text in (*SENTENCES, *ODD):
        encoded = teacher.encode([text])
        pieces = encoded.piece_words[0]
        assert (pieces == NO_WORD).tolist() == encoded.special_mask[0].tolist()
        for position, word in enumerate(split_words(text)):
            for character in range(word.start, word.end):
                owners = [index for (start, end), index in zip(spans(teacher, text), pieces, strict=True) if start <= character < end]
                assert owners, f"character {character} of {text!r} is in no piece"
                assert all(abs(index - position) <= 1 for index in owners)


# Integrated Gradients


def output_of(teacher: Teacher, text: str, target: int, *, blank: bool) -> float:
    """Probability of a class for a text or its baseline, from embeddings given to the network without hooks."""
    encoding = teacher.tokenizer(text, return_tensors="pt", return_special_tokens_mask=True)
    layer = teacher.model.get_input_embeddings()
    embeddings = layer(encoding["input_ids"])
    if blank:
        special = encoding["special_tokens_mask"].bool()[..., None]
        embeddings = torch.where(special, embeddings, layer.weight[teacher.padding_id])
    with torch.no_grad():
        logits = teacher.model(inputs_embeds=embeddings, attention_mask=encoding["attention_mask"]).logits
    return float(logits.softmax(dim=-1)[0, target])


def test_attributions_add_up_to_what_the_words_changed(teacher: Teacher) -> None:
    texts = [*SENTENCES[:4], *ODD, "gold"]
    changes = []
    for text, found in zip(texts, integrated_gradients(teacher, texts, None, ExplainConfig(tolerance=0.01)), strict=True):
        change = output_of(teacher, text, found.target, blank=False) - output_of(teacher, text, found.target, blank=True)
        assert found.converged
        assert found.scores.sum() == pytest.approx(change, abs=0.011)
        assert found.convergence_delta == pytest.approx(found.scores.sum() - change, abs=1e-3)
        assert len(found.words) == len(found.scores) == len(split_words(text))
        changes.append(abs(change))
    assert max(changes) > 0.04  # so that there is something to add up


def test_attributions_of_a_text_alone_are_those_in_a_padded_batch(teacher: Teacher) -> None:
    config = ExplainConfig(n_steps=24, max_steps=24)
    texts = [*SENTENCES[:3], ODD[0], "gold"]
    for text, found in zip(texts, integrated_gradients(teacher, texts, None, config), strict=True):
        (alone,) = integrated_gradients(teacher, [text], None, config)
        np.testing.assert_allclose(found.scores, alone.scores, atol=2e-3)


def test_segment_ids_looked_up_among_the_words_are_left_alone(tmp_path: Path) -> None:
    folder = save_architecture("gpt2", tmp_path / "gpt2")
    edit(folder / "tokenizer_config.json", model_input_names=["input_ids", "token_type_ids", "attention_mask"])
    teacher = load_teacher(folder, device="cpu")
    assert "token_type_ids" in teacher.encode(["gold"]).inputs
    for text, found in zip(SENTENCES, integrated_gradients(teacher, SENTENCES), strict=True):
        ids = teacher.tokenizer(text, return_tensors="pt")["input_ids"]
        shares = []
        for pieces in (ids, torch.full_like(ids, teacher.padding_id)):
            with torch.no_grad():
                states = teacher.model.transformer(pieces, token_type_ids=torch.zeros_like(ids)).last_hidden_state
            shares.append(float(teacher.model.score(states[0, -1]).softmax(dim=-1)[found.target]))
        assert found.scores.sum() == pytest.approx(shares[0] - shares[1], abs=0.05)


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("xlnet", {"d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 48}),
        (
            "longformer",
            {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48, "attention_window": 8},
        ),
    ],
)
def test_networks_that_lay_out_or_pad_their_pieces_themselves_get_the_same_embeddings(tmp_path: Path, kind: str, shape: dict) -> None:
    tokenizer = roberta_bytes()
    config = AutoConfig.for_model(kind, vocab_size=len(tokenizer), num_labels=3, pad_token_id=1, bos_token_id=0, eos_token_id=2, **shape)
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(5 if parameter.dim() == 2 else 1)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    teacher = load_teacher(tmp_path, device="cpu")
    expected = np.stack([teacher.predict([text])[0] for text in SENTENCES[:3]])
    embedded = EmbeddedTexts(teacher, teacher.encode(SENTENCES[:3]), np.zeros(3, dtype=np.int64), ExplainConfig(output="logit"))
    found = embedded.function(embedded.leaves(), *embedded.inputs)
    np.testing.assert_allclose(found.detach(), expected, atol=1e-5)
    assert found.requires_grad
    assert np.ptp(expected, axis=0).max() > 1e-3


def test_inputs_that_a_network_does_not_know_are_not_given_to_it(teachers: Callable[[str], Teacher], tmp_path: Path) -> None:
    """A tokenizer of BERT beside a DistilBERT, as many folders have it."""
    folder = save_architecture("distilbert", tmp_path / "distilbert")
    edit(
        folder / "tokenizer_config.json",
        tokenizer_class="BertTokenizer",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )
    teacher = load_teacher(folder, device="cpu")
    assert set(teacher.encode(["gold"]).inputs) == {"input_ids", "attention_mask"}
    np.testing.assert_allclose(teacher.predict(SENTENCES), teachers("distilbert").predict(SENTENCES), atol=1e-5)


def test_a_network_that_does_not_use_its_embedding_layer_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    teacher = load_teacher(save_architecture("bert", tmp_path / "bert"), device="cpu")
    teacher.model.bert.embeddings.word_embeddings = torch.nn.Embedding.from_pretrained(teacher.embedding_layer.weight)
    teacher.model.get_input_embeddings = lambda: torch.nn.Embedding(300, 32)
    with pytest.raises(ModelError, match=r"does not read its words through its embedding layer.*Choose occlusion"):
        integrated_gradients(teacher, ["gold"])


# Distillation


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_a_student_learns_from_it_and_both_explain_the_same_words(
    teachers: Callable[[str], Teacher], folders: Callable[[str], Path], tmp_path: Path, kind: str
) -> None:
    data = tmp_path / "texts.csv"
    with data.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label"])
        words = " ".join(SENTENCES).split()
        rows.writerows((" ".join(words[number : number + 4]), LABELS[number % 3]) for number in range(48))
    steps = list(
        distill(
            load_dataset(data), teachers(kind), tmp_path / "pair", StudentConfig(hidden_size=4, max_vocabulary=100),
            DistillConfig(epochs=1, batch_size=8, augmented_texts=0), explain=ExplainConfig(n_steps=8, max_steps=8),
            teacher_reference=str(folders(kind)), cache=tmp_path / "cache",
        )
    )  # fmt: skip
    assert steps[-1].stage == "done"
    assert np.isfinite(list(steps[-1].metrics.values())).all()
    comparison = compare(load_pair(tmp_path / "pair", device="cpu"), ODD[0])
    assert comparison.teacher.attributions.words == comparison.student.attributions.words == tuple(split_words(ODD[0]))


# Labels


@pytest.mark.parametrize("count", [2, 3, 7, 20])
@pytest.mark.parametrize("kind", ["bert", "llama"])
def test_any_number_of_labels_with_any_names_is_kept_in_order(tmp_path: Path, kind: str, count: int) -> None:
    names = (*STRANGE_LABELS, *(f"label {number}" for number in range(10)))[:count]
    teacher = load_teacher(save_architecture(kind, tmp_path / kind, names), device="cpu")
    assert teacher.label_names == names
    logits = teacher.predict(SENTENCES)
    assert logits.shape == (len(SENTENCES), count)
    found = integrated_gradients(teacher, SENTENCES[:2], [count - 1, 0])
    assert [attributions.target for attributions in found] == [count - 1, 0]
    assert all(attributions.converged for attributions in found)


def test_twenty_strange_labels_reach_the_student_in_order(tmp_path: Path) -> None:
    names = (*(name.strip() or "blank" for name in STRANGE_LABELS), *(f"label {number}" for number in range(10)))
    folder = save_architecture("bert", tmp_path / "bert", names)
    words = " ".join(SENTENCES).split()
    with (tmp_path / "texts.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label"])
        rows.writerows((f"{words[n % 20]} {words[n // 20]} {words[n % 7 + 30]} {words[n % 11 + 20]}", names[n % 20]) for n in range(400))
    student, config = StudentConfig(hidden_size=4, max_vocabulary=100), DistillConfig(epochs=1, batch_size=64, augmented_texts=0)
    fast = ExplainConfig(n_steps=4, max_steps=4)
    options = {"explain": fast, "teacher_reference": str(folder), "cache": tmp_path / "cache"}
    list(distill(load_dataset(tmp_path / "texts.csv"), load_teacher(folder, device="cpu"), tmp_path / "pair", student, config, **options))
    pair = load_pair(tmp_path / "pair", device="cpu")
    assert pair.student.label_names == pair.teacher.label_names == names
    assert set(compare(pair, SENTENCES[0]).student.probabilities) == set(names)


def test_two_labels_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="calls two of its labels 'up'"):
        load_teacher(save_architecture("bert", tmp_path / "bert", ("up", "down", "up")))

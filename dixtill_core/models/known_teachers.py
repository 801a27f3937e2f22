"""Classifiers that a user may choose as a teacher by a click: what each answers, and what choosing it downloads.

Sizes, licences and whether `main` holds safetensors were read off the models' own pages of the Hub, as stored in 2025;
what a page did not say is None here. Nothing here is fetched before it is chosen. Where `main` has no safetensors, the
Hub's converter has offered them in a pull request, and `transformers` reads those.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KnownTeacher:
    reference: str
    """For `load_teacher`."""
    title: str
    task: str
    label_names: tuple[str, ...]
    """In the order of its outputs."""
    languages: str
    download_mb: int | None
    """Of the weights, in millions of bytes; 0 where nothing is fetched."""
    licence: str | None
    has_safetensors: bool | None
    """On the branch `main`."""

    @property
    def download_bytes(self) -> int | None:
        """Of the weights, about; None where the size is unknown."""
        return None if self.download_mb is None else self.download_mb * 1_000_000

    @property
    def download(self) -> str:
        """What choosing it downloads, in words."""
        if self.download_mb == 0:
            return "no download"
        return "size unknown" if self.download_mb is None else f"downloads {self.download_mb:,} MB, the first time only"

    @property
    def description(self) -> str:
        """One line for people, ending in what is downloaded."""
        licence = f"licence {self.licence}" if self.licence else "no licence stated"
        return f"{self.task}: {', '.join(self.label_names)}. {self.languages}; {licence}; {self.download}."


KNOWN_TEACHERS: tuple[KnownTeacher, ...] = (
    KnownTeacher(
        "bundled",
        "The bundled MiniLM with LoRA",
        "Sentiment of financial news and tweets",
        ("bearish", "bullish", "neutral"),
        "English",
        0,
        "MIT, its base Apache 2.0",
        True,
    ),
    KnownTeacher(
        "nickmuchi/finbert-tone-finetuned-fintwitter-classification",
        "The paper's FinBERT",
        "Sentiment of financial news and tweets",
        ("Bearish", "Bullish", "Neutral"),
        "English",
        439,
        None,
        True,
    ),
    KnownTeacher(
        "ProsusAI/finbert",
        "FinBERT of Prosus",
        "Sentiment of financial news",
        ("positive", "negative", "neutral"),
        "English",
        438,
        None,
        False,
    ),
    KnownTeacher(
        "distilbert/distilbert-base-uncased-finetuned-sst-2-english",
        "DistilBERT on SST-2",
        "Sentiment of film reviews",
        ("NEGATIVE", "POSITIVE"),
        "English",
        268,
        "Apache 2.0",
        True,
    ),
    KnownTeacher(
        "cardiffnlp/twitter-roberta-base-sentiment-latest",
        "Twitter RoBERTa",
        "Sentiment of tweets",
        ("negative", "neutral", "positive"),
        "English",
        501,
        "CC BY 4.0",
        False,
    ),
    KnownTeacher(
        "nlptown/bert-base-multilingual-uncased-sentiment",
        "Multilingual BERT for stars",
        "Stars of product reviews",
        ("1 star", "2 stars", "3 stars", "4 stars", "5 stars"),
        "English, Dutch, German, French, Spanish, Italian",
        669,
        "MIT",
        True,
    ),
    KnownTeacher(
        "lxyuan/distilbert-base-multilingual-cased-sentiments-student",
        "Multilingual DistilBERT",
        "Sentiment",
        ("positive", "neutral", "negative"),
        "12 languages, among them English, German, Spanish, Chinese, Arabic",
        541,
        "Apache 2.0",
        True,
    ),
    KnownTeacher(
        "bhadresh-savani/distilbert-base-uncased-emotion",
        "DistilBERT for emotions",
        "Emotion of tweets",
        ("sadness", "joy", "love", "anger", "fear", "surprise"),
        "English",
        268,
        "Apache 2.0",
        True,
    ),
    KnownTeacher(
        "j-hartmann/emotion-english-distilroberta-base",
        "DistilRoBERTa for emotions",
        "Emotion of sentences",
        ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"),
        "English",
        329,
        None,
        False,
    ),
)


def known_teacher(reference: str) -> KnownTeacher | None:
    """The entry of a reference; None where it is another model."""
    return next((known for known in KNOWN_TEACHERS if known.reference == reference), None)

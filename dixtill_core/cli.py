"""The command line: each command is a few lines over the core. Results go to stdout, everything else to stderr."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from dixtill_core.analysis.behaviour_command import behaviour
from dixtill_core.errors import DixtillError
from dixtill_core.explain.explainers import EXPLAINERS
from dixtill_core.notes.commands import NotesOption
from dixtill_core.notes.commands import app as notes_app

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__import__("dixtill_core").__doc__)
app.add_typer(notes_app, name="notes")
app.command()(behaviour)

Result = TypeVar("Result")


class MethodName(StrEnum):
    DIXTILL = "dixtill"
    DIXTILL_PAPER = "dixtill_paper"
    KL = "kl"
    MSE = "mse"
    CE = "ce"


class AttentionName(StrEnum):
    MAGNITUDE = "magnitude"
    SIGNED = "signed"


class PerturbationName(StrEnum):
    DELETE = "delete"
    MASK = "mask"


class EngineName(StrEnum):
    LOCAL = "local"
    RAY = "ray"


class MeasuredName(StrEnum):
    AUTO = "auto"
    ALL = "all"
    NONE = "none"


class PrecisionName(StrEnum):
    FLOAT32 = "float32"
    AUTO = "auto"


class RankingName(StrEnum):
    SIGNED = "signed"
    ABSOLUTE = "absolute"


def _explainers_of(role: str) -> str:
    """Names of the explainers that a teacher or a student can have, for the help."""
    return ", ".join(name for name, known in EXPLAINERS.items() if role in known.roles)


DataOption = Annotated[str, typer.Option("--data", help="A .csv, .tsv or .parquet file, 'sample', or a Hub dataset like owner/dataset.")]
TextColumnOption = Annotated[str | None, typer.Option("--text-column", help="Found by its usual names where left out.")]
LabelColumnOption = Annotated[str | None, typer.Option("--label-column", help="Found by its usual names where left out.")]
LabelsOption = Annotated[
    str | None, typer.Option("--labels", help="Names of the labels 0, 1, 2 .. in a file of numbers, with commas between.")
]
LabelMapOption = Annotated[
    str | None,
    typer.Option(
        "--label-map", help="Where labels are called otherwise than the teacher's: 'pos=bullish,neg=bearish,other='; other is left out."
    ),
]
ModelsOption = Annotated[
    Path | None, typer.Option("--models", help="Folder that `dixtill distill` wrote; the bundled pair where left out.")
]
TeacherOption = Annotated[str, typer.Option("--teacher", help="'bundled', a folder with a model or adapter, or a Hub id like owner/model.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
CacheOption = Annotated[Path | None, typer.Option("--cache", help="Where teacher targets are kept; the user's cache where left out.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace a model that is already in the folder.")]
PrecisionOption = Annotated[
    PrecisionName, typer.Option("--precision", help="auto: half precision on a GPU, where a trial shows that answers and reasons hold.")
]
SeedOption = Annotated[int, typer.Option("--seed", help="The same seed gives the same model.")]


@app.command()
def explain(
    text: Annotated[str, typer.Argument(help="The sentence.")],
    models: ModelsOption = None,
    target: Annotated[str | None, typer.Option("--target", help="Label that the teacher explains; its prediction where left out.")] = None,
    explainer: Annotated[str, typer.Option("--explainer", help=f"Of the teacher: {_explainers_of('teacher')}.")] = "integrated_gradients",
    student_explainer: Annotated[
        str, typer.Option("--student-explainer", help=f"Of the student: {_explainers_of('student')}.")
    ] = "attention",
    steps: Annotated[int | None, typer.Option("--steps", help="Gradient evaluations of Integrated Gradients.")] = None,
    baseline: Annotated[str, typer.Option("--baseline", help="pad, mask or zero.")] = "pad",
    output: Annotated[str, typer.Option("--output", help="What is explained: probability or logit.")] = "probability",
    as_json: JsonOption = False,
) -> None:
    """Why do teacher and student decide as they do? Coloured words, both models under each other."""
    from dixtill_core.comparison import compare
    from dixtill_core.config import ExplainConfig
    from dixtill_core.export.tables import comparison_record
    from dixtill_core.terminal import print_comparison

    chosen = {"baseline": baseline, "output": output} | ({} if steps is None else {"n_steps": steps, "max_steps": max(steps, 400)})
    explain_config = ExplainConfig.from_dict(chosen)
    explainers = {"teacher_explainer": explainer, "student_explainer": student_explainer}
    found = compare(_load_pair(models), text, explain_config, target, **explainers)
    if as_json:
        _print_json(comparison_record(found))
    else:
        print_comparison(found)


@app.command()
def evaluate(
    data: DataOption,
    models: ModelsOption = None,
    text_column: TextColumnOption = None,
    label_column: LabelColumnOption = None,
    label_map: LabelMapOption = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
) -> None:
    """Quality of both models on labelled texts, and how far their explanations agree."""
    from dixtill_core.data.datasets import load_dataset
    from dixtill_core.data.label_map import match_labels
    from dixtill_core.evaluate import Evaluation
    from dixtill_core.evaluate import evaluate as run
    from dixtill_core.terminal import print_evaluation

    mapping = _label_map(label_map)
    dataset = load_dataset(data, text_column=text_column, label_column=label_column, split="test")
    dataset.require_labels()
    pair = _load_pair(models)
    found = _follow(run(pair, match_labels(dataset, pair.teacher.label_names, mapping), cache=cache), Evaluation)
    if as_json:
        _print_json(asdict(found))
    else:
        print_evaluation(found)


@app.command()
def faithfulness(
    data: DataOption,
    models: ModelsOption = None,
    texts: Annotated[int, typer.Option("--texts", min=0, help="Texts drawn from the data, the same for a seed; 0 for all.")] = 200,
    perturbation: Annotated[
        PerturbationName, typer.Option("--perturbation", help="Whether words are deleted or masked.")
    ] = PerturbationName.DELETE,
    ranking: Annotated[
        RankingName, typer.Option("--ranking", help="signed: words against the class come last; absolute: by magnitude.")
    ] = RankingName.SIGNED,
    seed: Annotated[int, typer.Option("--seed", help="The same seed draws the same texts and random rankings.")] = 0,
    text_column: TextColumnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Do the models decide by the words that their explanations name? Between a random ranking and a greedy search."""
    from dixtill_core.config import FaithfulnessConfig
    from dixtill_core.data.datasets import load_dataset
    from dixtill_core.metrics.faithfulness_corpus import PairFaithfulness, pair_faithfulness, sample_texts
    from dixtill_core.terminal import print_faithfulness

    config = FaithfulnessConfig(perturbation=perturbation.value, ranking=ranking.value, seed=seed)
    chosen = sample_texts(load_dataset(data, text_column=text_column, split="test").texts, texts, seed)
    found = _follow(pair_faithfulness(_load_pair(models), chosen, config), PairFaithfulness)
    if as_json:
        _print_json(found.to_dict())
    else:
        print_faithfulness(found)


@app.command()
def errors(
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables.")],
    models: ModelsOption = None,
    train: Annotated[str | None, typer.Option("--train", help="Data that the student was trained on: near-duplicates are found.")] = None,
    faithfulness: Annotated[
        MeasuredName,
        typer.Option("--faithfulness", help="all texts, none, or auto: all where there are not more than 1,000. About 80 ms a text."),
    ] = MeasuredName.AUTO,
    text_column: TextColumnOption = None,
    label_column: LabelColumnOption = None,
    label_map: LabelMapOption = None,
    cache: CacheOption = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an analysis that is already in the folder.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Where and why is the student wrong? Outcomes, smart tags and reasons of every text, as tables and files."""
    from dixtill_core.analysis.analyse import analyse
    from dixtill_core.analysis.corpus import AnalysedCorpus
    from dixtill_core.analysis.export import require_room, write_analysis
    from dixtill_core.analysis.global_reasons import GlobalReasons, global_reasons
    from dixtill_core.analysis.overview import overview
    from dixtill_core.analysis.terminal import print_overview
    from dixtill_core.config import AnalysisConfig
    from dixtill_core.data.datasets import load_dataset
    from dixtill_core.data.label_map import match_labels

    require_room(out, overwrite=overwrite)
    mapping = _label_map(label_map)
    dataset = load_dataset(data, text_column=text_column, label_column=label_column, split="test")
    dataset.require_labels()
    training = None if train is None else load_dataset(train, text_column=text_column)
    pair = _load_pair(models)
    matched = match_labels(dataset, pair.teacher.label_names, mapping)
    config = AnalysisConfig(faithfulness=faithfulness.value)
    corpus = _follow(analyse(pair, matched, config, training, cache), AnalysedCorpus)
    reasons = _follow(global_reasons(corpus.table, corpus.label_names), GlobalReasons)
    numbers = overview(corpus)
    write_analysis(out, corpus, reasons, numbers, overwrite=overwrite)
    if as_json:
        _print_json(numbers)
    else:
        print_overview(numbers, reasons)
    _say(f"The analysis is in {out}: texts.csv, reasons.csv, parting.csv, overview.json, and everything in analysis.parquet.")


@app.command()
def report(
    out: Annotated[Path, typer.Option("--out", help="A .html or .pdf file.")],
    data: Annotated[str | None, typer.Option("--data", help="Labelled texts to analyse: a file, 'sample', or a Hub dataset.")] = None,
    analysis: Annotated[Path | None, typer.Option("--analysis", help="Folder that `dixtill errors` wrote, instead of --data.")] = None,
    models: ModelsOption = None,
    rows: Annotated[str | None, typer.Option("--rows", help="Which texts, by their row in the data: 1,5,10-20.")] = None,
    filters: Annotated[
        str | None, typer.Option("--filter", help="Which texts, as in a link of the page Errors: outcome=only_teacher&length=5..20.")
    ] = None,
    title: Annotated[str, typer.Option("--title", help="The data's name where left out.")] = "",
    notes: NotesOption = None,
    font: Annotated[
        list[Path] | None, typer.Option("--font", help="A .ttf or .otf file for characters that the PDF's font lacks; may be repeated.")
    ] = None,
    text_column: TextColumnOption = None,
    label_column: LabelColumnOption = None,
    label_map: LabelMapOption = None,
    cache: CacheOption = None,
) -> None:
    """Chosen texts with both heatmaps, notes, charts and settings as one HTML or PDF file.

    Without --rows and --filter these are the texts with notes, or where there are none what the student gets wrong.
    """
    from dixtill_core.analysis.analyse import analyse
    from dixtill_core.analysis.corpus import AnalysedCorpus, load_corpus
    from dixtill_core.data.datasets import load_dataset
    from dixtill_core.data.label_map import match_labels
    from dixtill_core.notes.store import read_notes
    from dixtill_core.report.choose import choose
    from dixtill_core.report.contents import build_report
    from dixtill_core.report.write import require_kind, write_report

    require_kind(out)
    if (data is None) == (analysis is None):
        raise DixtillError("Say what the report is about: either --data FILE or --analysis DIR.")
    names: dict[Any, str] | None = None
    if analysis is not None:
        corpus = load_corpus(analysis)
    else:
        dataset = load_dataset(str(data), text_column=text_column, label_column=label_column, split="test")
        dataset.require_labels()
        pair = _load_pair(models)
        matched = match_labels(dataset, pair.teacher.label_names, _label_map(label_map))
        corpus = _follow(analyse(pair, matched, cache=cache), AnalysedCorpus)
        names = {"teacher": pair.teacher.name, "student": pair.student.name}
    written = read_notes(corpus.pair_key, notes)
    positions, chosen = choose(corpus, rows, filters, written)
    _follow(write_report(out, build_report(corpus, positions, written, chosen=chosen, title=title, model_names=names), font or ()))
    _say(f"The report of {len(positions):,} texts is in {out}.")


@app.command()
def benchmark(
    data: DataOption = "sample",
    models: ModelsOption = None,
    threads: Annotated[
        int | None, typer.Option("--threads", help="For every model; where left out, all cores for those that gain from them.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Three rounds instead of up to twenty, without the quantised teacher.")] = False,
    batches: Annotated[str, typer.Option("--batches", help="Texts at once, with commas between.")] = "1,8,32",
    lengths: Annotated[str, typer.Option("--lengths", help="'corpus' for the texts' own, or a number to pad to.")] = "corpus,150",
    text_column: TextColumnOption = None,
    as_json: JsonOption = False,
) -> None:
    """What the models cost here and now: bytes, memory, latency, time per explanation, against a model of BERT-base's shape."""
    from dixtill_core.benchmark import benchmark as run
    from dixtill_core.config import EfficiencyConfig
    from dixtill_core.data.datasets import load_dataset
    from dixtill_core.models.pair import load_pair
    from dixtill_core.paths import BUNDLED_PAIR
    from dixtill_core.terminal import print_efficiency

    shapes = {"batches": _whole_numbers("--batches", batches), "lengths": _whole_numbers("--lengths", lengths, corpus=None)}
    config = EfficiencyConfig.from_dict(_given(threads=threads) | shapes | ({"repetitions": 3, "seconds": 2.0} if quick else {}))
    texts = load_dataset(data, text_column=text_column, split="test").texts
    rows = _follow(run(load_pair(models or BUNDLED_PAIR, device="cpu"), texts, config, with_quantized=not quick), list)
    if as_json:
        _print_json([asdict(row) for row in rows])
    else:
        print_efficiency(rows)


@app.command()
def profile(
    data: DataOption,
    test: Annotated[str | None, typer.Option("--test", help="Data to be tested on: texts that are in both are found.")] = None,
    labels: LabelsOption = None,
    text_column: TextColumnOption = None,
    label_column: LabelColumnOption = None,
    as_json: JsonOption = False,
) -> None:
    """What is in the data, before anything is trained on them: labels, lengths, repeats, leaks, language, and what to do.

    Status 1 where training would refuse them.
    """
    from dixtill_core.data.datasets import load_dataset
    from dixtill_core.data.profile import DataProfile, profile_steps
    from dixtill_core.data.terminal import print_profile

    columns: dict[str, Any] = {"text_column": text_column, "label_column": label_column, "label_names": _split_names(labels)}
    dataset = load_dataset(data, **columns)
    test_dataset = None if test is None else load_dataset(test, **columns, split="test")
    found = _follow(profile_steps(dataset, test_dataset), DataProfile)
    if as_json:
        _print_json(found.to_dict())
    else:
        print_profile(found)
    if any(finding.severity == "error" for finding in found.findings):
        raise typer.Exit(1)


@app.command()
def teach(
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", help="Folder for the adapter.")],
    labels: LabelsOption = None,
    text_column: TextColumnOption = None,
    label_column: LabelColumnOption = None,
    name: Annotated[str, typer.Option("--name", help="How the teacher is called on screen.")] = "MiniLM with LoRA",
    epochs: Annotated[int, typer.Option("--epochs")] = 5,
    learning_rate: Annotated[float, typer.Option("--learning-rate")] = 6e-4,
    seed: SeedOption = 0,
    overwrite: OverwriteOption = False,
) -> None:
    """Fine-tune a teacher: a LoRA adapter on all-MiniLM-L6-v2, the best epoch by validation macro F1."""
    from dixtill_core.config import TeachConfig
    from dixtill_core.data.datasets import load_dataset
    from dixtill_core.distill.teach import teach as run

    if out.exists() and not overwrite:
        raise DixtillError(f"{out} already exists. Choose another folder, or say --overwrite to replace it.")
    dataset = load_dataset(data, text_column=text_column, label_column=label_column, label_names=_split_names(labels))
    _follow(run(dataset, TeachConfig(epochs=epochs, learning_rate=learning_rate, seed=seed), out, name=name))
    _say(f"The teacher is in {out}.")


@app.command()
def targets(
    data: DataOption,
    teacher: TeacherOption = "bundled",
    logits_only: Annotated[bool, typer.Option("--logits-only", help="No attributions: a small part of the time.")] = False,
    engine: Annotated[EngineName, typer.Option("--engine", help="local: this machine. ray: Ray Data, on several.")] = EngineName.LOCAL,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="As many as there are cores, or GPUs, where left out.")] = None,
    precision: PrecisionOption = PrecisionName.FLOAT32,
    text_column: TextColumnOption = None,
    cache: CacheOption = None,
) -> None:
    """Compute the teacher's logits and attributions of all texts and keep them on disk; a killed run goes on.

    The texts are streamed, so there may be more of them than fit into memory.
    """
    from dixtill_core.data.stream import stream_texts
    from dixtill_core.distill.target_engines import choose_engine
    from dixtill_core.distill.targets import TARGET_CONFIG, TargetStore
    from dixtill_core.models.teacher import load_teacher
    from dixtill_core.models.teacher_precision import describe_device

    texts = stream_texts(data, text_column)
    loaded = load_teacher(teacher, precision=precision.value)
    _say(f"{loaded.name} on {describe_device(loaded)}.")
    store = TargetStore(loaded, None if logits_only else TARGET_CONFIG, cache)
    _follow(store.compute(texts, choose_engine(engine.value, loaded, teacher, workers)))
    _say(f"The targets of all texts in {data} are in {store.folder}.")


@app.command()
def distill(
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", help="Folder for the pair of models.")],
    teacher: TeacherOption = "bundled",
    method: Annotated[MethodName, typer.Option("--method", help="Loss; see dixtill_core/distill/losses.py.")] = MethodName.DIXTILL,
    attention: Annotated[
        AttentionName | None, typer.Option("--attention", help="magnitude; signed, the paper's, with dixtill_paper.")
    ] = None,
    epochs: Annotated[int | None, typer.Option("--epochs")] = None,
    alpha: Annotated[float | None, typer.Option("--alpha", help="Weight of the teacher against the gold label.")] = None,
    temperature: Annotated[float | None, typer.Option("--temperature")] = None,
    alignment_weight: Annotated[float | None, typer.Option("--alignment-weight", help="Weight of L_XAI, method dixtill only.")] = None,
    augmented_texts: Annotated[
        int | None, typer.Option("--augmented-texts", help="Texts made for the teacher to label; 0 for none.")
    ] = None,
    hidden_size: Annotated[int | None, typer.Option("--hidden-size", help="LSTM units in each direction.")] = None,
    dropout: Annotated[float | None, typer.Option("--dropout")] = None,
    watch: Annotated[str | None, typer.Option("--watch", help="A sentence whose heatmap is kept after every epoch; '' for none.")] = None,
    precision: PrecisionOption = PrecisionName.FLOAT32,
    seed: SeedOption = 0,
    text_column: TextColumnOption = None,
    label_column: LabelColumnOption = None,
    label_map: LabelMapOption = None,
    cache: CacheOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Distil a teacher into a student. Ctrl-C keeps the best epoch; the same command goes on after a kill."""
    from dixtill_core.config import DistillConfig, StudentConfig
    from dixtill_core.data.label_map import complete_label_map, match_labels
    from dixtill_core.models.teacher import load_teacher
    from dixtill_core.models.teacher_precision import describe_device
    from dixtill_core.runs.claim import claim_run, place
    from dixtill_core.runs.spec import RunSpec
    from dixtill_core.runs.training import Materials, read_data, train_run

    mapping = _label_map(label_map)

    if attention is None:
        attention = AttentionName.SIGNED if method is MethodName.DIXTILL_PAPER else AttentionName.MAGNITUDE
    student_config = StudentConfig.from_dict(_given(attention=attention.value, hidden_size=hidden_size, dropout=dropout))
    config = DistillConfig.from_dict(
        _given(
            method=method.value, epochs=epochs, alpha=alpha, temperature=temperature, alignment_weight=alignment_weight,
            augmented_texts=augmented_texts, seed=seed,
        )
    )  # fmt: skip
    spec = RunSpec(
        place(data), text_column, label_column, teacher=place(teacher), precision=precision.value, student=student_config, distill=config,
        **_given(watched=watch),
    )  # fmt: skip
    dataset = read_data(spec, data)
    loaded = load_teacher(teacher, precision=precision.value)
    _say(f"{loaded.name} on {describe_device(loaded)}.")
    if mapping is not None:
        spec = replace(spec, label_map=complete_label_map(dataset, mapping, loaded.label_names))
    materials = Materials(match_labels(dataset, loaded.label_names, spec.label_map), loaded)
    run = claim_run(out, spec, out.resolve().name, overwrite=overwrite)
    _follow(train_run(run, cache=cache, materials=materials))
    _say(f"The pair is in {out}. Look at it with: dixtill explain TEXT --models {out}")


@app.command()
def resume(
    run: Annotated[Path, typer.Argument(help="Folder of the run, for example runs/mine.")],
    cache: CacheOption = None,
) -> None:
    """Go on with a run that was cancelled, interrupted or failed, wherever it was started."""
    from dixtill_core.runs.folder import Run
    from dixtill_core.runs.training import train_run

    _follow(train_run(Run(run), cache=cache))
    _say(f"The run in {run} is finished.")


@app.command()
def runs(
    folder: Annotated[Path, typer.Argument(help="Where the runs are.")] = Path("runs"),
    as_json: JsonOption = False,
) -> None:
    """Every training run in a folder: status, epochs, quality and agreement on validation data."""
    from dixtill_core.runs.store import RunStore
    from dixtill_core.runs.terminal import print_runs, run_record

    if not folder.is_dir():
        raise DixtillError(f"There is no folder {folder}. Name the one that holds the runs.")
    cards = RunStore(folder).list()
    if as_json:
        _print_json([run_record(card) for card in cards])
    elif cards:
        print_runs(cards)
    else:
        _say(f"{folder} holds no run. Make one with: dixtill distill --out {folder / 'mine'}")


@app.command()
def sweep(
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", help="Folder for the sweep; the same command goes on after a kill.")],
    teacher: TeacherOption = "bundled",
    method: Annotated[str | None, typer.Option("--method", help="Methods to try, with commas between.")] = None,
    alpha: Annotated[str | None, typer.Option("--alpha", help="Values to try, with commas between.")] = None,
    temperature: Annotated[str | None, typer.Option("--temperature", help="Values to try, with commas between.")] = None,
    alignment_weight: Annotated[str | None, typer.Option("--alignment-weight", help="Values to try, with commas between.")] = None,
    seeds: Annotated[int, typer.Option("--seeds", help="Students of each point.")] = 1,
    epochs: Annotated[int | None, typer.Option("--epochs")] = None,
    augmented_texts: Annotated[int | None, typer.Option("--augmented-texts")] = None,
    max_vocabulary: Annotated[
        str | None, typer.Option("--max-vocabulary", help="Words of the student to try, with commas between.")
    ] = None,
    hidden_size: Annotated[
        str | None, typer.Option("--hidden-size", help="Units of the LSTM in each direction to try, with commas between.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=0, help="Processes that train; all cores where 0.")] = 0,
    precision: PrecisionOption = PrecisionName.FLOAT32,
    text_column: TextColumnOption = None,
    label_column: LabelColumnOption = None,
    label_map: LabelMapOption = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try settings each with each and say which are on the front of quality and agreement with the teacher."""
    from dixtill_core.config import DistillConfig
    from dixtill_core.metrics.efficiency import available_threads
    from dixtill_core.runs.claim import place
    from dixtill_core.runs.spec import RunSpec
    from dixtill_core.runs.sweep import plan_sweep, run_sweep
    from dixtill_core.runs.sweep_grid import SweepGrid
    from dixtill_core.runs.sweep_result import SweepResult
    from dixtill_core.runs.terminal import print_sweep

    training = _given(epochs=epochs, augmented_texts=augmented_texts)
    base = RunSpec(
        place(data), text_column, label_column, label_map=_label_map(label_map), teacher=place(teacher), precision=precision.value,
        distill=DistillConfig.from_dict(training), watched="",
    )  # fmt: skip
    listed = {"alpha": alpha, "temperature": temperature, "alignment_weight": alignment_weight}
    listed |= {"max_vocabulary": max_vocabulary, "hidden_size": hidden_size}
    values = {name: _numbers(f"--{name.replace('_', '-')}", given) for name, given in listed.items()}
    grid = SweepGrid.from_dict({"method": _split_names(method) or (), "seeds": seeds} | values)
    plan_sweep(out, base, grid)
    result = _follow(run_sweep(out, cache=cache, jobs=jobs or available_threads()), SweepResult)
    if as_json:
        _print_json(result.to_dict())
    else:
        print_sweep(result)
    _say(f"The sweep is in {out}: sweep.json, sweep.csv, and a run for each point and seed.")


@app.command()
def doctor(teacher: TeacherOption = "bundled", as_json: JsonOption = False) -> None:
    """Can this model be a teacher? What works for it, and what to do where it does not; status 1 where something fails."""
    from dixtill_core.doctor import Diagnosis, diagnose
    from dixtill_core.terminal import print_diagnosis

    found = _follow(diagnose(teacher), Diagnosis)
    if as_json:
        _print_json(found.to_dict())
    else:
        print_diagnosis(found)
    if not found.ok:
        raise typer.Exit(1)


@app.command()
def reproduce(
    out: Annotated[Path, typer.Option("--out", help="Folder for models, results and tables; the same one goes on after a kill.")],
    data: Annotated[str | None, typer.Option("--data", help="Folder with train.csv and test.csv (or .tsv, .parquet), or 'sample'.")] = None,
    teacher: TeacherOption = "bundled",
    seeds: Annotated[int | None, typer.Option("--seeds", min=1, help="Students of each method; 5, or 2 with --quick.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="All of it, small: minutes, on the sample unless --data says otherwise.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", help="Processes that train students; all cores where 0.")] = 0,
    only: Annotated[str | None, typer.Option("--only", help="Names of single steps, commas between; what they need comes too.")] = None,
    cache: CacheOption = None,
) -> None:
    """The paper's tables and figures, measured: every method over several seeds, compressed teachers, speed, faithfulness."""
    from dixtill_core.config import ReproduceConfig
    from dixtill_core.experiments.reproduce import reproduce as run
    from dixtill_core.experiments.results import Results
    from dixtill_core.metrics.efficiency import available_threads

    if data is None and not quick:
        raise DixtillError("Say which data with --data DIR, a folder with train.csv and test.csv, or try everything with --quick.")
    config = ReproduceConfig.quick(seeds or 2) if quick else ReproduceConfig(seeds or 5)
    chosen = _split_names(only) or ()
    _follow(run(data or "sample", out, config, teacher=teacher, cache=cache, jobs=jobs or available_threads(), only=chosen), Results)
    _say(f"The results are in {out}: results.parquet, results.json, and the tables in {out / 'tables' / 'tables.md'}")


def main() -> None:
    """Run a command; a DixtillError becomes its message and status 1."""
    import logging

    logging.getLogger("transformers").setLevel(logging.ERROR)
    try:
        app()
    except DixtillError as error:
        _say(f"Error: {error}")
        sys.exit(1)


def _load_pair(models: Path | None) -> Any:
    from dixtill_core.models.pair import load_pair
    from dixtill_core.paths import BUNDLED_PAIR

    return load_pair(models or BUNDLED_PAIR)


def _follow(steps: Iterator[Any], result_type: type[Result] | None = None) -> Result:
    """Show progress until the end and return the last item of `result_type`, if any."""
    from dixtill_core.terminal import show_progress

    return show_progress(steps, result_type)


def _given(**options: Any) -> dict[str, Any]:
    """The options that were set."""
    return {name: value for name, value in options.items() if value is not None}


def _whole_numbers(option: str, listed: str, **words: int | None) -> tuple[int | None, ...]:
    """Numbers between commas; `words` are names that stand for a value."""
    parts = [part.strip() for part in listed.split(",")]
    try:
        return tuple(words[part] if part in words else int(part) for part in parts)
    except ValueError as error:
        also = "".join(f", or {word!r}" for word in words)
        raise DixtillError(f"{option} is {listed!r}, but has to be whole numbers with commas between{also}.") from error


def _numbers(option: str, listed: str | None) -> tuple[float, ...]:
    """Numbers between commas; none where the option was left out."""
    try:
        return tuple(float(part) for part in listed.split(",")) if listed is not None else ()
    except ValueError as error:
        raise DixtillError(f"{option} is {listed!r}, but has to be numbers with commas between.") from error


def _label_map(text: str | None) -> dict[str, str | None] | None:
    from dixtill_core.data.label_map import parse_label_map

    return None if text is None else parse_label_map(text)


def _split_names(names: str | None) -> tuple[str, ...] | None:
    return tuple(name.strip() for name in names.split(",")) if names else None


def _say(message: str) -> None:
    print(message, file=sys.stderr)


def _print_json(value: Any) -> None:
    print(json.dumps(_finite(value), ensure_ascii=False, indent=2, allow_nan=False))


def _finite(value: Any) -> Any:
    """NaN has no place in JSON; null does."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

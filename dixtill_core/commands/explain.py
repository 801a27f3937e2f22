"""`dixtill explain`: why both models decide as they do, as coloured words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from dixtill_core.commands.options import JsonOption, ModelsOption, chosen_pair
from dixtill_core.commands.output import print_json
from dixtill_core.explain.explainers import EXPLAINERS, find_explainer
from dixtill_core.terminal import visible

if TYPE_CHECKING:
    from dixtill_core.comparison import Answer, Comparison

FOR, AGAINST = (31, 111, 139), (181, 84, 28)
"""Blue speaks for the class, orange against it: apart for the colour-blind too, and the sign is printed as well."""
STRONG = 0.55
"""Share of the strongest score above which a word is written bold."""


def _explainers_of(role: str) -> str:
    """Names of the explainers that a teacher or a student can have, for the help."""
    return ", ".join(name for name, known in EXPLAINERS.items() if role in known.roles)


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
    from dixtill_core.config import ExplainConfig
    from dixtill_core.data.words import require_words

    chosen = {"baseline": baseline, "output": output} | ({} if steps is None else {"n_steps": steps, "max_steps": max(steps, 400)})
    explain_config = ExplainConfig.from_dict(chosen)
    explainers = {"teacher_explainer": explainer, "student_explainer": student_explainer}
    find_explainer(explainer, "teacher")
    find_explainer(student_explainer, "student")
    require_words(text)

    # Only now, since what is wrong with the question is said without waiting for PyTorch.
    from dixtill_core.comparison import compare
    from dixtill_core.export.tables import comparison_record

    found = compare(chosen_pair(models), text, explain_config, target, **explainers)
    if as_json:
        print_json(comparison_record(found))
    else:
        print_comparison(found)


def print_comparison(comparison: Comparison, console: Console | None = None) -> None:
    """Both models under each other: prediction, probabilities, coloured words, then their agreement."""
    console = console or Console()
    for answer in (comparison.teacher, comparison.student):
        _print_answer(answer, console)
    shares = "   ".join(f"{name} {value:.2f}" for name, value in comparison.agreement.items() if name.endswith(("@1", "@3", "@5")))
    console.print(shares, style="dim", highlight=False)
    for note in comparison.notes:
        console.print(Text(f"Note: {note}", style="yellow"))


def _print_answer(answer: Answer, console: Console) -> None:
    head = Text(f"{answer.role.capitalize()}  ", style="bold")
    head.append(f"{answer.label}  ", style="bold reverse")
    head.append("  ".join(f"{label} {share:.0%}" for label, share in answer.probabilities.items()), style="dim")
    console.print(head)
    line = Text()
    for word, share in zip(answer.attributions.words, answer.attributions.scaled(), strict=True):
        line.append(visible(word.text), style=_word_style(share))
        line.append(f" {share:+.2f}  ", style="dim")
    console.print(line)
    delta = answer.attributions.convergence_delta
    facts = f"{answer.seconds * 1000:,.1f} ms   {answer.bytes_on_disk / 1e6:.1f} MB   {answer.attributions.method}"
    facts += "" if delta is None else f"   delta {delta:+.4f}"
    meaning = f"+ for {answer.target_label}, - against it" if answer.attributions.is_signed else f"what matters to {answer.target_label}"
    console.print(Text(f"{meaning}   {facts}", style="dim"))
    console.print()


def _word_style(share: float) -> str:
    red, green, blue = FOR if share >= 0 else AGAINST
    strength = abs(share)
    if strength < 0.05:
        return ""
    mixed = [round(255 - (255 - channel) * min(1.0, 0.15 + 0.85 * strength)) for channel in (red, green, blue)]
    ink = "white" if strength > STRONG else "black"
    return f"{'bold ' if strength > STRONG else ''}{ink} on rgb({mixed[0]},{mixed[1]},{mixed[2]})"

"""Numbers as people read them; the same everywhere a comparison is shown."""

from __future__ import annotations

from math import floor, log10

MINUS = "−"


def format_share(share: float) -> str:
    """A probability as a percentage that never claims certainty which is not there: 0.9996 is ">99%"."""
    text = f"{share:.0%}"
    if text == "100%" and share < 1:
        return ">99%"
    if text == "0%" and share > 0:
        return "<1%"
    return text


def score_decimals(largest: float) -> int:
    """Decimals that show the largest score of a text with two figures, three at least."""
    return 3 if largest <= 0 else min(12, max(3, 1 - floor(log10(largest))))


def format_score(score: float, decimals: int = 3) -> str:
    """A signed score; its sign is a true minus, which is as wide as the plus."""
    text = f"{score:+.{decimals}f}"
    return "0" if float(text) == 0 else text.replace("-", MINUS)


def format_weight(weight: float) -> str:
    """A share of attention."""
    return f"{weight:.1%}"


def format_seconds(seconds: float) -> str:
    if seconds < 0.000_1:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 0.1:
        return f"{seconds * 1e3:.1f} ms"
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"


def format_bytes(size: int) -> str:
    """Decimal units, as on a disk's label."""
    for unit, divisor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= divisor:
            return f"{size / divisor:.1f} {unit}" if size < 10 * divisor else f"{size / divisor:.0f} {unit}"
    return f"{size} bytes"


def format_parameters(count: int) -> str:
    if count >= 1e9:
        return f"{count / 1e9:.1f} B parameters"
    if count >= 1e5:
        return f"{count / 1e6:.1f} M parameters"
    return f"{count:,} parameters"


def format_times(ratio: float) -> str:
    """How many times more: "26×", "1,550×"; three figures are all that a timing can bear."""
    if ratio < 10:
        return f"{ratio:.1f}×"
    if ratio < 1000:
        return f"{ratio:.0f}×"
    return f"{round(ratio, 3 - len(str(int(ratio)))):,.0f}×"

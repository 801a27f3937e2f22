from __future__ import annotations

from dashboard.markdown import ZERO_WIDTH, as_markdown


def test_every_sign_that_markdown_reads_is_escaped() -> None:
    assert as_markdown("$x$ **b** <i> :smile: [a](b) `c` a_b") == r"\$x\$ \*\*b\*\* \<i\> \:smile\: \[a\]\(b\) \`c\` a\_b"


def test_addresses_are_not_turned_into_links() -> None:
    assert as_markdown("http://a.b") == "http" + ZERO_WIDTH + r"\:\/\/a\.b"
    assert as_markdown("www.a.b") == "www" + ZERO_WIDTH + r"\.a\.b"
    assert as_markdown("me@a.b") == "me" + ZERO_WIDTH + r"\@a\.b"


def test_words_stay_as_they_are() -> None:
    assert as_markdown("Gewinn steigt um 12 Prozent 漢字 שלום") == "Gewinn steigt um 12 Prozent 漢字 שלום"

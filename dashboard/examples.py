"""Sentences of our own that show something, by what they show."""

DEFAULT_TEXT = "Shares of $ACME slide 12% as profit beats forecasts but outlook is cut"

EXAMPLES = {
    "mixed news": DEFAULT_TEXT,
    "bullish": "Orders at $NRVA jump 40% and the company raises its full-year guidance",
    "bearish": "Retailer warns on profit and suspends its dividend after weak holiday sales",
    "neutral": "The central bank publishes the minutes of its March meeting on Thursday",
    "negation": "The chipmaker did not cut its outlook, and margins were not as weak as feared",
    "they agree": "$TRMQ plunges 20% after the drug fails its late-stage trial",
    "they differ": "Payrolls shrank by 48,000 in March, a far cry from the 120,000 gain economists had forecast",
}
SURPRISE = "surprise me"

"""Reports: chosen texts of an analysed corpus with their heatmaps, notes, charts and settings, as one HTML or PDF file."""

"""Distil a large text classifier into an attention bi-LSTM that keeps its reasons."""

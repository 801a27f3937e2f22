"""Notes on texts: what a person found out about why two models decide as they do, kept in a database.

A note belongs to a text and a pair of models. Everything that was ever written stays in its history.
"""

"""Valuations as workbooks that stay alive: every line a formula, every assumption a cell."""

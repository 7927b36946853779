"""Finds the mistakes of valuation workbooks, each with its cell and its way out."""

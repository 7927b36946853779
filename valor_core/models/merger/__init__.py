"""Mergers: what is paid, how the price is allocated, and what a deal does to earnings per share."""

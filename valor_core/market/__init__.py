"""Data of others: providers, what they answer, and how they fail."""

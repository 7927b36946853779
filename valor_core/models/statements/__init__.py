"""The three statements, linked: income, balance sheet and cash flow of each forecast year."""

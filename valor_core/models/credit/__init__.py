"""Credit: how well debt is covered, how near distress is, and what lenders ask for it."""

"""What is remembered: the whole schema, the two engines, and the unit of work with its locks."""

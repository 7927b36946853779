"""Arithmetic only: numpy in, frozen dataclass out. No web, no SQL, no clock."""

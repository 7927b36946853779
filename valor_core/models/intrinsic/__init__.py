"""Intrinsic values beside the DCF, and the reconciliation of them all on one plan."""

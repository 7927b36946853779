"""Many scenarios of one model: drivers as distributions, their dependence, draws, what came out."""

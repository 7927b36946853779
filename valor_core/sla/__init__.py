"""How good a service was: time by state, requests by outcome, latencies, and what was promised."""

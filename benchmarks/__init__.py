"""Speed against peers, limits and the version before."""

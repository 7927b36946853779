"""Relative valuation: what peers and deals are priced at, and what that makes a company worth."""

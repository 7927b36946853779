"""The leveraged buyout: what a sponsor pays, what the debt takes, and what is left at the exit."""

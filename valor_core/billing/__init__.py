"""What is metered. Bills follow from it; so far the events are kept."""

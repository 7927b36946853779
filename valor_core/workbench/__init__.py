"""The verbs: what a person, a client or a job can do, each in one transaction."""

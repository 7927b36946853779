"""The HTTP API at /api/v1: one file a resource, one error shape, one unit of work a request."""

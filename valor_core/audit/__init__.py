"""The log of acts: per-tenant HMAC chain and head, in the format valor-audit-v1."""

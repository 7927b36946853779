"""Who somebody is and what they may do: tenants, members, sign-ins, API keys, permissions."""

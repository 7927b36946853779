"""One adapter a file: how a provider is asked, and what its answers mean."""

"""Model adapters, one file a family."""

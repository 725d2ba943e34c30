"""Metrics of the published protocol, as additive statistics."""

"""Sole writers of the store folder."""

"""The eight modalities and the tools that convert the internal ones."""

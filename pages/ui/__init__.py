"""What the views share: caching, pickers, panels, chart events."""

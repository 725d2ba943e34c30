"""Ways to cut text into tokens."""

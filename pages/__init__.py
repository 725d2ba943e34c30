"""The dashboard: views and what they share."""

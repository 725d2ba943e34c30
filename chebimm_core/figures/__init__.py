"""Findings to Plotly figures and structure drawings."""

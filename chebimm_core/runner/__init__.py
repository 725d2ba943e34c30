"""Turns a specification and a data set into predictions and scores."""

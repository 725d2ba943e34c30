"""Networks, their training and their weights: torch lives here, tasks and runs do not."""

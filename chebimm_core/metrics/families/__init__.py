"""One module a metric family: its preparation and its metrics. A new file adds a family."""

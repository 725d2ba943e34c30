"""Reading data sets and prediction files; nothing here writes to the store."""

"""One file a page: title, pick, call one service, draw, explain."""

"""Types only: what is registered, stored and found."""

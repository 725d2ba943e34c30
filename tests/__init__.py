"""Tests. A package, because a library of the dashboard installs one of the same name."""

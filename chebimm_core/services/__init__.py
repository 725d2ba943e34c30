"""What pages and the command line ask for; composes the science core."""

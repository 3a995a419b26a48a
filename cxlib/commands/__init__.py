"""Groups of commands, each in a module of its own that adds them to the command line."""

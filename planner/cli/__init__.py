"""The command line: arguments in, workflow, view out; one file per command."""

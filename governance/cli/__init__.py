"""The command: thin over the library, one file a command."""

# The man pages: prockit(1) and one for each subcommand.

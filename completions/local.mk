# Completions. Each shell looks into a folder of its own below the data folder.

bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = \
	%D%/prockit.bash

zshcompletiondir = $(datadir)/zsh/site-functions
dist_zshcompletion_DATA = \
	%D%/_prockit

fishcompletiondir = $(datadir)/fish/vendor_completions.d
dist_fishcompletion_DATA = \
	%D%/prockit.fish

# What a shell can complete; each where its shell looks for such.
dist_zshcompletion_DATA = %D%/_sockproxy
dist_fishcompletion_DATA = %D%/sockproxy.fish
EXTRA_DIST += %D%/sockproxy.bash

# bash takes the name of the file for the name of the program.
install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(bashcompletiondir)'
	$(INSTALL_DATA) $(srcdir)/%D%/sockproxy.bash '$(DESTDIR)$(bashcompletiondir)/sockproxy'
uninstall-local:
	rm -f '$(DESTDIR)$(bashcompletiondir)/sockproxy'

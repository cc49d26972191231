dist_man_MANS += %D%/sockproxy.1 %D%/sockproxy.8

# The record as the lists in src/track have it.
nodist_man_MANS += %D%/sockproxy-api.7
EXTRA_DIST += %D%/sockproxy-api.7.in %D%/tables.awk
CLEANFILES += %D%/sockproxy-api.7 %D%/sockproxy-api.7.new
%D%/sockproxy-api.7: %D%/sockproxy-api.7.in %D%/tables.awk src/track/close_reason.def src/track/explain_rules.def src/track/fields.c \
		src/track/fields.def src/track/leg_fields.def src/track/totals.def src/export/metrics.def
	$(AM_V_GEN)$(MKDIR_P) %D% && $(AWK) -v src=$(srcdir)/src -f $(srcdir)/%D%/tables.awk \
		$(srcdir)/%D%/sockproxy-api.7.in >$@.new && mv $@.new $@

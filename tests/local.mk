dist_check_SCRIPTS += %D%/check-floors.sh
TESTS += %D%/check-floors.sh
EXTRA_DIST += %D%/README.md
AM_TESTS_ENVIRONMENT = srcdir='$(abs_srcdir)'; export srcdir;

if HAVE_CHECK
AM_CPPFLAGS += -I$(srcdir)/%D% $(CHECK_CFLAGS)
LDADD = libsupport.a libsockproxy.a $(CHECK_LIBS) $(libsockproxy_LIBS)

check_LIBRARIES += libsupport.a
libsupport_a_SOURCES = \
	%D%/support/suite.c %D%/support/suite.h \
	%D%/support/tcp_pair.c %D%/support/tcp_pair.h

# unit: one module, and the kernel where the module talks to it
unit_tests = \
	%D%/unit/test_addr \
	%D%/unit/test_bus \
	%D%/unit/test_conn_id \
	%D%/unit/test_conn_line \
	%D%/unit/test_conn_log \
	%D%/unit/test_demo \
	%D%/unit/test_fields \
	%D%/unit/test_flow \
	%D%/unit/test_history \
	%D%/unit/test_lifecycle \
	%D%/unit/test_listeners \
	%D%/unit/test_log \
	%D%/unit/test_ring \
	%D%/unit/test_slot \
	%D%/unit/test_table \
	%D%/unit/test_text \
	%D%/unit/test_totals

check_PROGRAMS += $(unit_tests)
TESTS += $(check_PROGRAMS)

check-unit:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests)'
.PHONY: check-unit
endif

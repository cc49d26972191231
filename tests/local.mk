dist_check_SCRIPTS += %D%/check-floors.sh
TESTS += %D%/check-floors.sh
EXTRA_DIST += %D%/README.md
AM_TESTS_ENVIRONMENT = srcdir='$(abs_srcdir)'; export srcdir;

if HAVE_CHECK
AM_CPPFLAGS += -I$(srcdir)/%D% $(CHECK_CFLAGS)
LDADD = libsupport.a libsockproxy.a $(CHECK_LIBS) $(libsockproxy_LIBS)

check_LIBRARIES += libsupport.a
libsupport_a_SOURCES = \
	%D%/support/http_ask.c %D%/support/http_ask.h \
	%D%/support/suite.c %D%/support/suite.h \
	%D%/support/tcp_pair.c %D%/support/tcp_pair.h

# unit: one module, and the kernel where the module talks to it
unit_tests = \
	%D%/unit/test_addr \
	%D%/unit/test_lifecycle \
	%D%/unit/test_nearest \
	%D%/unit/test_record_json \
	%D%/unit/test_slot \
	%D%/unit/test_utf8

# integration: real modules together, loopback, real HTTP
integration_tests = \
	%D%/integration/test_api

check_PROGRAMS += $(unit_tests) $(integration_tests)
TESTS += $(check_PROGRAMS)

check-unit:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests)'
check-integration:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(integration_tests)'
.PHONY: check-unit check-integration
endif

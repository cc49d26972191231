# SP_HARDENING: HARDENING_CFLAGS and HARDENING_LDFLAGS, as far as the tools know them.

# SP_TRY_FLAG(FLAG, VARIABLE, FLAGS-VARIABLE): add FLAG to VARIABLE when it compiles and links.
AC_DEFUN([SP_TRY_FLAG], [
  AC_MSG_CHECKING([whether $CC takes $1])
  sp_saved=$[]$3
  $3="$[]$3 -Werror $1"
  AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
    [AC_MSG_RESULT([yes])
     $2="$[]$2 $1"],
    [AC_MSG_RESULT([no])])
  $3=$sp_saved
])

AC_DEFUN([SP_HARDENING], [
  AC_ARG_ENABLE([hardening],
    [AS_HELP_STRING([--disable-hardening], [leave out stack protector, RELRO and the like])],
    [], [enable_hardening=yes])
  HARDENING_CFLAGS=
  HARDENING_LDFLAGS=
  AS_IF([test "$enable_hardening" = yes], [
    SP_TRY_FLAG([-fstack-protector-strong], [HARDENING_CFLAGS], [CFLAGS])
    SP_TRY_FLAG([-fstack-clash-protection], [HARDENING_CFLAGS], [CFLAGS])
    SP_TRY_FLAG([-fcf-protection], [HARDENING_CFLAGS], [CFLAGS])
    SP_TRY_FLAG([-fPIE], [HARDENING_CFLAGS], [CFLAGS])
    SP_TRY_FLAG([-pie], [HARDENING_LDFLAGS], [LDFLAGS])
    SP_TRY_FLAG([-Wl,-z,relro], [HARDENING_LDFLAGS], [LDFLAGS])
    SP_TRY_FLAG([-Wl,-z,now], [HARDENING_LDFLAGS], [LDFLAGS])
    SP_TRY_FLAG([-Wl,--as-needed], [HARDENING_LDFLAGS], [LDFLAGS])
    dnl _FORTIFY_SOURCE needs optimisation, and hides what the sanitizers look for.
    AS_IF([test -z "$SANITIZE$COVERAGE"], [
      AS_CASE([" $CFLAGS "],
        [*" -O0 "*], [],
        [*" -O"*], [SP_TRY_FLAG([-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2], [HARDENING_CFLAGS], [CFLAGS])])
    ])
  ])
  AC_SUBST([HARDENING_CFLAGS])
  AC_SUBST([HARDENING_LDFLAGS])
])

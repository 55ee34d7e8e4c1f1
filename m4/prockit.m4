dnl PROCKIT_ADD_CFLAGS(FLAGS), PROCKIT_ADD_LDFLAGS(FLAGS): add each flag that the compiler
dnl or the linker understands to PROCKIT_CFLAGS or PROCKIT_LDFLAGS. -Werror makes compilers
dnl that only warn about unknown flags refuse them.

AC_DEFUN([PROCKIT_ADD_CFLAGS], [
	for prockit_flag in $1; do
		AC_MSG_CHECKING([whether $CC understands $prockit_flag])
		prockit_saved=$CFLAGS
		CFLAGS="$CFLAGS -Werror $prockit_flag"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])], [
			AC_MSG_RESULT([yes])
			PROCKIT_CFLAGS="$PROCKIT_CFLAGS $prockit_flag"
		], [AC_MSG_RESULT([no])])
		CFLAGS=$prockit_saved
	done
])

AC_DEFUN([PROCKIT_ADD_LDFLAGS], [
	for prockit_flag in $1; do
		AC_MSG_CHECKING([whether the linker understands $prockit_flag])
		prockit_saved=$LDFLAGS
		LDFLAGS="$LDFLAGS $prockit_flag"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [
			AC_MSG_RESULT([yes])
			PROCKIT_LDFLAGS="$PROCKIT_LDFLAGS $prockit_flag"
		], [AC_MSG_RESULT([no])])
		LDFLAGS=$prockit_saved
	done
])

dnl PROCKIT_PREFER_ARCHIVE(VARIABLE, NAME, INCLUDES, BODY): link the libraries that VARIABLE holds
dnl from their archives where such a program can be linked that way, and --disable-static-link
dnl was not given. -Wl,-z,text refuses archives that are not position-independent: these would
dnl have the program's own text written to at each start.
AC_DEFUN([PROCKIT_PREFER_ARCHIVE], [
	AS_IF([test "x$enable_static_link" != xno], [
		AC_MSG_CHECKING([for an archive of $2])
		prockit_saved_LIBS=$LIBS
		LIBS="-Wl,-z,text -Wl,-Bstatic $$1 -Wl,-Bdynamic $LIBS"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([$3], [$4])], [
			AC_MSG_RESULT([yes])
			$1="-Wl,-Bstatic $$1 -Wl,-Bdynamic"
		], [AC_MSG_RESULT([no])])
		LIBS=$prockit_saved_LIBS
	])
	AC_SUBST([$1])
])

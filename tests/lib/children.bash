# What tests say of processes and messages, beside what common.bash has.

is_gone()
{
	! alive "$1"
}

# has_no_child PID: it has collected all that it started.
has_no_child()
{
	[[ -z $(ps -o pid= --ppid "$1") ]]
}

# ends_with STATUS PID: the background job PID ends with STATUS.
ends_with()
{
	local ended=0
	wait "$2" || ended=$?
	((ended == $1)) && return
	echo "$2 ended with $ended instead of $1"
	return 1
}

# one_message TEXT...: $stderr (of run --separate-stderr) is one line of prockit's, with each TEXT.
one_message()
{
	local text
	# shellcheck disable=SC2154 # run sets it
	if [[ $stderr == *$'\n'* || $stderr != prockit* ]]; then
		echo "not one message: $stderr"
		return 1
	fi
	for text in "$@"; do
		if [[ $stderr != *"$text"* ]]; then
			echo "no \"$text\" in: $stderr"
			return 1
		fi
	done
}

# The sanitizers need memory and descriptors of their own.
has_sanitizers()
{
	[[ ${PROCKIT_SANITIZERS:-no} == yes ]]
}

# every_byte FIRST LAST: these bytes, in order.
every_byte()
{
	local i
	for ((i = $1; i <= $2; i++)); do
		# shellcheck disable=SC2059 # the format is the byte
		printf "\\x$(printf %x "$i")"
	done
}

# for_everyone: make $everyone, a folder that every user can enter, with a copy of prockit in it, and of its helpers.
# The build tree and the tests' own folders may be closed to them. no_more_everyone removes it.
for_everyone()
{
	everyone=$(mktemp -d /tmp/prockit-tests.XXXXXX) || return
	chmod 755 "$everyone"
	cp "$(type -P prockit)" "$PROCKIT_EXEC_PATH/prockit-sysinfo" "$everyone"
	ln -s prockit-sysinfo "$everyone/prockit-ps"
}

no_more_everyone()
{
	[[ -z ${everyone:-} ]] || rm -r "$everyone"
}

# as_user NUMBER COMMAND...: run it as a user who has no other right and, most likely, no process.
as_user()
{
	setpriv --reuid="$1" --regid="$1" --clear-groups -- "${@:2}"
}

# Reading what sysinfo and ps write, as the users of each format would: JSON by jq, CSV as RFC 4180
# has it, raw lines, words for the shell by dash, and OpenMetrics by its grammar.

# csv_to_json FILE: arrays of arrays of texts, one for each block between empty lines.
csv_to_json()
{
	jq -ecRs '
	# States: 0 before a field, 1 in a plain one, 2 between quotes, 3 behind a quote there.
	def end_field: .row += [.field | implode] | .field = [] | .state = 0;
	def end_row: .block += [.row] | .row = [];
	reduce explode[] as $c ({blocks: [], block: [], row: [], field: [], state: 0};
		if .state == 2 then
			if $c == 34 then .state = 3 else .field += [$c] end
		elif .state == 3 and $c == 34 then .field += [34] | .state = 2
		elif $c == 44 then end_field
		elif $c == 10 then
			if .row == [] and .field == [] and .state == 0 then
				.blocks += [.block] | .block = []
			else end_field | end_row end
		elif .state == 0 and $c == 34 then .state = 2
		elif .state == 3 then error("text behind a quoted field")
		elif $c == 34 then error("a quote within a plain field")
		else .field += [$c] | .state = 1 end) |
	if .state != 0 or .row != [] then error("the last line has no end") else .blocks + [.block] end
	' "$1"
}

# raw_to_json FILE: the same of raw output.
raw_to_json()
{
	jq -ecRs '
	if endswith("\n") | not then error("the last line has no end") else .[:-1] end |
	if test("[\\x00-\\x08\\x0b-\\x1f\\x7f]") then error("a control character") else . end |
	[split("\n\n")[] | [split("\n")[] | split("\t")]]' "$1"
}

# shell_is_words FILE: nothing but NAME='value' words, so eval can do nothing else.
shell_is_words()
{
	LC_ALL=C grep -qzvP "^(([A-Za-z_][A-Za-z0-9_]*='[^']*'(\\\\''[^']*')*[ \n])*)\$" "$1" || return 0
	echo "not only words: $1: $(cat -A "$1")"
	return 1
}

# shell_to_json FILE NAME...: what these variables hold, once dash has evaluated the file.
shell_to_json()
{
	local file=$1
	shift
	# shellcheck disable=SC2016 # dash's
	PATH='' /bin/dash -euc '
		_words=$1
		shift
		eval "$_words"
		for _name; do
			eval "printf \"%s\\0\" \"\$$_name\""
		done
		# jq 1.6 drops NULs at the end.
		printf .' dash "$(<"$file")" "$@" | jq -cRs --args '
		split("\u0000") as $values |
		reduce range($ARGS.positional | length) as $i ({}; .[$ARGS.positional[$i]] = $values[$i])' "$@"
}

# is_openmetrics FILE: the text format of OpenMetrics 1.0: families stand together, each with its
# type first; names, labels, escapes and numbers are well formed; no series twice; the end is marked.
is_openmetrics()
{
	if ! iconv -f UTF-8 -t UTF-8 "$1" >/dev/null 2>&1 || [[ $(tail -c 1 "$1" | od -An -tx1) != ' 0a' ]]; then
		echo "no UTF-8, or no end of line: $1"
		return 1
	fi
	awk '
	function fail(text)
	{
		print FILENAME ":" FNR ": " text ": " $0
		failed = 1
	}

	# A line about the family in $3: it goes on, or it begins and did not before.
	function begin_family(name)
	{
		if (name !~ /^[a-zA-Z_:][a-zA-Z0-9_:]*$/)
			fail("no name of a family")
		if (name == family)
			return
		if (name in seen)
			fail("a family in two places")
		seen[name] = 1
		family = name
		type = unit = ""
		samples = 0
	}

	# Take the labels off text, which begins behind the brace; what is left is in rest.
	function take_labels(text,    name, value, names)
	{
		split("", names)
		while (text !~ /^}/) {
			if (!match(text, /^[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\[\\"n])*"/)) {
				fail("no label: " text)
				return
			}
			name = substr(text, 1, index(text, "=") - 1)
			if (name in names)
				fail("a label twice: " name)
			names[name] = 1
			text = substr(text, RLENGTH + 1)
			if (text ~ /^,[a-zA-Z_]/)
				text = substr(text, 2)
			else if (text !~ /^}/) {
				fail("neither , nor } behind a label")
				return
			}
		}
		rest = substr(text, 2)
	}

	ended { fail("something behind the end") }
	/^# EOF$/ { ended = 1; next }
	/^# TYPE / {
		begin_family($3)
		if (NF != 4 || $4 !~ /^(counter|gauge|info|stateset|unknown)$/)
			fail("no type")
		if (type != "" || samples)
			fail("a type too late")
		type = $4
		if (type == "counter" && family ~ /_total$/)
			fail("_total is of the samples")
		next
	}
	/^# UNIT / {
		begin_family($3)
		unit = $4
		if (NF != 4 || substr(family, length(family) - length(unit)) != "_" unit)
			fail("the unit is not the end of the name")
		next
	}
	/^# HELP / {
		begin_family($3)
		if (NF < 4 || $0 ~ /(^|[^\\])(\\\\)*\\([^\\"n]|$)/)
			fail("no help")
		next
	}
	/^#/ || !/^[a-zA-Z_:]/ { fail("neither a comment nor a sample"); next }
	{
		match($0, /^[a-zA-Z0-9_:]+/)
		name = substr($0, 1, RLENGTH)
		rest = substr($0, RLENGTH + 1)
		if (rest ~ /^{/)
			take_labels(substr(rest, 2))
		series = substr($0, 1, length($0) - length(rest))
		if (series in known)
			fail("a series twice")
		known[series] = 1
		samples++
		total++
		wanted = family (type == "counter" ? "_total" : type == "info" ? "_info" : "")
		if (type == "" || name != wanted)
			fail("a sample of another name than " wanted)
		if (rest !~ /^ [-+]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][-+]?[0-9]+)?( [0-9]+([.][0-9]+)?)?$/)
			fail("no number")
		if (type == "counter" && rest ~ /^ -/)
			fail("a negative counter")
	}
	END {
		if (!ended) {
			print FILENAME ": no # EOF"
			failed = 1
		}
		exit failed
	}' "$1"
}

# make_comma_locale: a locale of our own in which the decimal sign is a comma; sets the environment
# for it. Needs nothing of the system but localedef, and shows that programs follow it.
make_comma_locale()
{
	printf '%s\n' 'LC_CTYPE' 'END LC_CTYPE' 'LC_NUMERIC' 'decimal_point ","' 'thousands_sep "."' \
		'grouping 3;3' 'END LC_NUMERIC' >comma.source
	localedef -c -i ./comma.source "$PWD/comma_XX" >/dev/null 2>&1 || true
	export LOCPATH=$PWD LC_ALL=comma_XX
	[[ $(env printf %.1f 1) == 1,0 ]]
}

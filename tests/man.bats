#!/usr/bin/env bats
# The manual pages: whole, the same where they say the same, and with examples that work.
#
# contract.bats proves that their options are those of the tables.
#
# In EXAMPLES each .Bd -literal is an example, and the lines above it say what it does:
#
#	.\" example: STATUS	it is run by sh in a folder of its own, and ends with this status
#	.\" setup: COMMAND	run by bash there before
#	.\" stdout: LINE	what it prints, * and ? standing for anything; nothing without such lines
#	.\" stderr: LINE	the same for standard error
#	.\" check: COMMAND	run by bash there afterwards, with its output in ./stdout, and succeeds
#
# When all of this is done, no process may be left.

bats_require_minimum_version 1.5.0

setup()
{
	load lib/common
	man=$PROCKIT_TESTS_SRCDIR/../man
	cd "$BATS_TEST_TMPDIR" || return
	pages=("$man"/*.1)
	[ -f "${pages[0]}" ]
	: >faults
}

teardown()
{
	end_leftovers
}

# fault TEXT: something that does not hold; no_faults ends a test with all of them.
fault()
{
	printf '%s\n' "$*" >>faults
}

no_faults()
{
	sed 's/^/  /' faults
	[ ! -s faults ]
}

@test "man: options that pages share are written as in options.mdoc" {
	run -0 "$man/sync" --check
	[ "$output" = "" ]
}

# copy_pages: our own, which a test may change, in ./man.
copy_pages()
{
	mkdir man
	cp "$man"/*.1 "$man/options.mdoc" "$man/sync" man
	chmod u+w man/*
}

@test "man: sync finds a page that says something else, and mends it" {
	copy_pages
	sed -i '/^\.It Fl t , Fl -timeout/,/^\.It/s/^0, the default/1, the default/' man/prockit-call.1
	run -1 man/sync --check
	[[ $output == *-1,\ the\ default* ]]
	run -0 man/sync
	cmp man/prockit-call.1 "$man/prockit-call.1"
	sed -i 's/^Add this to the command/Take this from the command/' man/options.mdoc
	run -1 man/sync --check
	run -0 man/sync
	grep -qx "Take this from the command's nice value, as" man/prockit-call.1
	run -0 man/sync --check
}

@test "man: sync leaves the letter out where a page names an option with its dashes" {
	copy_pages
	sed -i '/^\.\\" begin shared options/s/ kill-after/ --kill-after/' man/prockit-call.1
	run -0 man/sync
	grep -qx '\.It Fl -kill-after Ns = Ns Ar DURATION' man/prockit-call.1
	grep -qx '\.It Fl k , Fl -kill-after Ns = Ns Ar DURATION' man/prockit-run.1
	run -0 man/sync --check
	sed -i '/^\.\\" begin shared options/s/ tree/ --tree/' man/prockit-call.1
	run -1 man/sync --check
	[[ $output == "prockit-call.1:"*": options.mdoc has no letter for tree" ]]
}

@test "man: sync writes nothing when a page has a mistake in its marks" {
	copy_pages
	local spoil
	for spoil in 's/options: timeout/options: nosuch timeout/' '/end shared options/d' \
		'/begin shared options/d'; do
		cp "$man"/*.1 man
		sed -i "$spoil" man/prockit-run.1
		sed -i 's/^0, the default/1, the default/' man/prockit-call.1
		cp man/prockit-call.1 before
		run -1 man/sync
		[[ $output == prockit-run.1:* ]]
		cmp before man/prockit-call.1
	done
}

@test "man: sync names an option that no page has" {
	copy_pages
	printf '.\\" option: nosuch\n.It Fl -nosuch\nNothing.\n' >>man/options.mdoc
	run -1 man/sync --check
	[ "$output" = "options.mdoc: no page has the option nosuch" ]
}

@test "man: mandoc has nothing to say about the pages" {
	command -v mandoc >/dev/null || skip 'no mandoc'
	run -0 mandoc -T lint -W warning "${pages[@]}"
	[ "$output" = "" ]
}

@test "man: every page has all sections, in their order" {
	local page name wanted='NAME SYNOPSIS DESCRIPTION OPTIONS EXIT_STATUS EXAMPLES SEE_ALSO'
	for page in "${pages[@]}"; do
		name=${page##*/}
		name=${name%.1}
		[[ $(sed -n 's/^\.Sh //p' "$page" | tr ' ' _ |
			grep -xE "${wanted// /|}" | xargs) == "$wanted" ]] ||
			fault "$page: not all of $wanted"
		grep -qx "\.Dt ${name^^} 1" "$page" || fault "$page: its title is not ${name^^}"
	done
	no_faults
}

@test "man: a page of ours that another one names is there" {
	local name
	while read -r name; do
		[[ -f $man/$name.1 ]] || fault "there is no $name.1"
	done < <(sed -nE 's/^\.(It )?Xr (prockit[^ ]*) 1.*/\2/p' "${pages[@]}" | sort -u)
	no_faults
}

@test "man: prockit.1 explains every key of the record, and no other" {
	prockit run --check --tree=kill -- true >record
	prockit pipe --json -- true ::: true >pipeline
	prockit run nosuch >failure 2>/dev/null || true
	jq -r 'keys[], (.rusage // {} | keys[]), (.error // {} | keys[]),
		(.stages // [] | .[] | keys[])' record pipeline failure >keys
	# What only those records have in which somebody was in the way.
	printf '%s\n' signal at_ms pid comm errno >>keys
	sort -u keys -o keys
	sed -n '/^\.Sh THE REPORT/,/^\.Sh EXAMPLES/s/^\.\(It \)\{0,1\}Li //p' "$man/prockit.1" |
		tr -d ',:.;' | tr ' ' '\n' | sed '/^$/d' | sort -u >explained
	diff -u keys explained
}

@test "man: prockit-map.1 explains every key that the record of its jobs has beside those" {
	prockit run -- true >record
	prockit map --json -- true ::: item >job
	jq -r --slurpfile record record 'keys - ($record[0] | keys) | .[]' job | sort >keys
	[[ -s keys ]]
	sed -n '/^\.Sh RECORDS/,/^\.Sh SIGNALS/s/^\.It Li //p' "$man/prockit-map.1" | sort >explained
	diff -u keys explained
}

# columns_in_page PAGE SECTION: a line each column: topic (of .Ss), name, unit, whether it is shown
# unless it is named.
columns_in_page()
{
	awk -v OFS='\t' -v section="$2" '
	/^\.Sh / { inside = $2 == section; topic = "" }
	!inside { next }
	/^\.Ss / { topic = $2 }
	/^\.It Li / {
		shown = sub(/ \*/, "") ? "false" : "true"
		unit = ""
		if (match($0, / Pq /))
			unit = substr($0, RSTART + 4)
		print topic, $3, unit, shown
	}' "$man/$1"
}

@test "man: topics and columns of the pages are those of the program, in its order" {
	prockit sysinfo --list-columns --json |
		jq -r '.columns[] | [.topic, .name, .unit, .default] | @tsv' >columns
	columns_in_page prockit-sysinfo.1 TOPICS >explained
	diff -u columns explained
	prockit ps --list-columns --json | jq -r '.columns[] | ["", .name, .unit, .default] | @tsv' >columns
	columns_in_page prockit-ps.1 COLUMNS >explained
	diff -u columns explained
}

@test "man: other names that the pages give to topics and columns are understood" {
	local name other
	local -i count=0
	while read -r name other; do
		count+=1
		[[ $(prockit sysinfo --list-columns --raw "$other" 2>&1) == \
			"$(prockit sysinfo --list-columns --raw "$name")" ]] || fault "$other is not $name"
	done < <(awk '/^\.Sh / { topics = $2 == "TOPICS" } /^\.Ss / { topic = $2; also = 0 }
		topics && /^Also called/ { also = 1; next }
		topics && also { for (i = 2; i <= NF; i++) if ($i ~ /^[a-z]/) print topic, $i }
		{ also = 0 }' "$man/prockit-sysinfo.1")
	((count > 5))
	while read -r name other; do
		count+=1
		[[ $(prockit ps $$ --raw -o "$other" 2>&1 | sed q) == "$name" ]] || fault "$other is not $name"
	done < <(awk '/^\.It Li / { column = $3 } /^Also$/ { also = 1; next }
		also { for (i = 2; i <= NF; i++) if ($i ~ /^[a-z%]/) print column, $i }
		{ also = 0 }' "$man/prockit-ps.1")
	((count > 30))
	no_faults
}

# extract_examples PAGE: the examples of a page as ./PAGE.N/, with a file for each mark, and what
# is to be run in ./PAGE.N/script, as a terminal would show it.
extract_examples()
{
	local name=${1##*/}
	mapfile -t numbers < <(seq "$(grep -c '^\.\\" example: ' "$1")")
	[[ ${#numbers[@]} == 0 ]] || mkdir "${numbers[@]/#/$name.}"
	awk -v name="$name" '
	function fault(text)
	{
		print FILENAME ":" FNR ": " text >>"faults"
	}

	function unescape(text)
	{
		if (text ~ /[-\047`~^]/ && text ~ /(^|[^\\])-|[\047`~^]/)
			fault("would not be printed as it is typed: " text)
		gsub(/\\&/, "", text)
		gsub(/\\-/, "-", text)
		gsub(/\\\(aq/, "\047", text)
		gsub(/\\\(ga/, "`", text)
		gsub(/\\\(ti/, "~", text)
		gsub(/\\\(ha/, "^", text)
		gsub(/\\e/, "\\", text)
		return text
	}

	/^\.Sh / { examples = $0 == ".Sh EXAMPLES" }
	!examples { next }
	/^\.\\" example: / {
		folder = name "." ++count
		marked = 1
		print $3 >(folder "/status")
	}
	/^\.\\" (setup|stdout|stderr|check): / {
		if (!marked)
			fault("not below the mark of an example")
		kind = $2
		sub(/:$/, "", kind)
		text = $0
		sub(/^[^:]*: /, "", text)
		print text >(folder "/expected-" kind)
	}
	/^\.(Dl|D1|Bd)/ {
		if ($0 !~ /^\.Bd -literal/)
			fault("not a .Bd -literal")
		if (!marked)
			fault("an example without its mark")
		inside = 1
		marked = 0
		next
	}
	/^\.Ed/ { inside = 0 }
	inside { print unescape($0) >(folder "/script") }
	END {
		if (!count)
			fault("no examples")
		if (marked)
			fault("a mark without its example")
	}' "$1"
}

# matches FILE EXPECTED: the file holds the lines of the other one, where * and ? are patterns.
matches()
{
	local pattern=
	[[ ! -e $2 ]] || pattern=$(<"$2")
	pattern=${pattern//\\/\\\\}
	pattern=${pattern//\[/\\[}
	# shellcheck disable=SC2053 # it is a pattern
	[[ $(<"$1") == $pattern ]]
}

nothing_runs_of()
{
	local file
	while read -r file; do
		file=${file#/proc/}
		! alive "${file%/environ}" || return 1
	done < <(grep -lzFx -- "PROCKIT_EXAMPLE=$1" /proc/[0-9]*/environ 2>/dev/null)
}

# run_example FOLDER
run_example()
{
	local folder=$1 status=0
	export PROCKIT_EXAMPLE=$BATS_TEST_TMPDIR/$folder
	mkdir "$folder/work"
	(
		cd "$folder/work" || exit
		[[ ! -e ../expected-setup ]] || bash -e ../expected-setup 3>&- </dev/null >../setup.out 2>&1
	) || fault "$folder: the setup failed: $(cat "$folder/setup.out")"
	(
		cd "$folder/work" || exit
		exec sh ../script 3>&- </dev/null >stdout 2>stderr
	) || status=$?
	[[ $status == "$(<"$folder/status")" ]] || fault "$folder: status $status"
	matches "$folder/work/stdout" "$folder/expected-stdout" ||
		fault "$folder: stdout: $(cat "$folder/work/stdout")"
	matches "$folder/work/stderr" "$folder/expected-stderr" ||
		fault "$folder: stderr: $(cat "$folder/work/stderr")"
	(
		cd "$folder/work" || exit
		[[ ! -e ../expected-check ]] || bash -e ../expected-check 3>&- </dev/null >../check.out 2>&1
	) || fault "$folder: the check failed: $(cat "$folder/check.out")"
	wait_until 5 nothing_runs_of "$PROCKIT_EXAMPLE" || fault "$folder: a process is left"
	unset PROCKIT_EXAMPLE
}

@test "man: the examples of the pages do what they say" {
	export PROCKIT_MANPATH=$man MANPAGER=cat PAGER=cat
	local page status_file
	for page in "${pages[@]}"; do
		extract_examples "$page"
	done
	no_faults
	# A bare system has no /etc/hosts, and knows no host by its name.
	if ! getent hosts localhost 127.0.0.1; then
		mkdir bin
		# shellcheck disable=SC2016 # the dollar is the script's
		printf '#!/bin/sh\necho localhost "$2"\n' >bin/getent
		chmod +x bin/getent
		export PATH=$PWD/bin:$PATH
	fi
	for status_file in *.1.*/status; do
		run_example "${status_file%/status}"
	done
	no_faults
}

#!/usr/bin/env bats
# What holds for every topic of sysinfo, and for ps, in every format. There are no exceptions: the
# lists come from the program.

bats_require_minimum_version 1.5.0
load lib/common
load lib/readers
load lib/saved-proc

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	export TZ=UTC
	: >faults
	prockit sysinfo --list --json >list.json
	mapfile -t topics < <(jq -r '.topics[].topic' list.json)
	[ "${#topics[@]}" -gt 20 ]
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

# The ways to ask for each topic, a line each: its words. What samples does so for a moment, or if
# a /proc was saved with save_samples, between the two.
variants()
{
	local sampled=' -i 0.05 -c 1' saved=
	[[ ! -d proc ]] || { sampled=' --state=state' saved=' --proc=proc'; }
	jq -r --arg sampled "$sampled" --arg saved "$saved" '.topics[] |
		(if .samples then $sampled else "" end) as $sampled |
		"sysinfo \(.topic)\($sampled)\($saved)",
		(select(.option != null) | "sysinfo \(.topic) \(.option)\($sampled)\($saved)")' list.json
	printf "%s$saved\\n" 'sysinfo disk-partitions --all' 'sysinfo disk-usage / /proc' \
		'sysinfo net-connections --kind=all' "ps $$" "ps -O $$" "ps --tree $$"
}

# ./proc, and ./proc.before of a moment before it.
save_samples()
{
	save_proc proc $$
	cp -r proc proc.before
	awk '/^cpu/ { for (i = 2; i <= 9; i++) $i += 7 * i } { print }' proc.before/stat >proc/stat
}

# columns_of WORD...: what --list-columns says of these topics or of ps, as an array.
columns_of()
{
	local program=$1
	shift
	case $program in
	ps) prockit ps --list-columns --json ;;
	*) prockit sysinfo --list-columns --json "$1" ;;
	esac | jq -c .columns
}

# for_each_variant FUNCTION [TRIES]: call it with the words of each, $n counting them and $key being
# the key in JSON. What stands still between two looks may have moved and come back meanwhile, as
# the space of a disk does: so a function that compares gets more than one try.
for_each_variant()
{
	local -a words
	local -i before try
	n=0
	while read -ra words; do
		n=$((n + 1))
		key=${words[1]//-/_}
		[[ ${words[0]} != ps ]] || key=processes
		before=$(stat -c %s faults)
		for ((try = ${2-1}; try; try--)); do
			truncate -s "$before" faults
			"$1" "${words[@]}"
			(($(stat -c %s faults) > before)) || break
		done
	done < <(variants)
	((n > 25))
	no_faults
}

# say WORD...: run it into out; a fault if that fails.
say()
{
	local status=0
	if [[ " $* " == *' --state=state '* ]]; then
		rm -f state
		prockit "${@/#--proc=proc/--proc=proc.before}" >/dev/null
	fi
	prockit "$@" >out 2>err </dev/null || status=$?
	[[ $status == 0 && ! -s err ]] || fault "prockit $*: status $status: $(cat err)"
	return "$status"
}

@test "topics: names are sorted out: words of small letters, none twice, each with a summary" {
	jq -r '.topics[].topic' list.json | sort >names
	sort -u names | cmp names -
	run -1 grep -vxE '[a-z]+(-[a-z]+)*' names
	jq -e '.topics | all(.[]; (.summary | test("^[A-Za-z0-9].*[^.]$")) and (.samples | type == "boolean"))' \
		list.json
}

@test "topics: every column of every topic has a name, a type, a unit, a cost and a help" {
	local topic
	for topic in "${topics[@]}" ps; do
		if [[ $topic == ps ]]; then columns_of ps; else columns_of sysinfo "$topic"; fi >columns
		jq -e '(length > 0) and (map(.name) | length == (unique | length))' columns >/dev/null ||
			fault "$topic: no columns, or one twice"
		jq -r --arg t "$topic" '.[] | select((
			(.name | test("^[a-z][a-z0-9_]*$")) and
			(.type | split(" or ") | all(.[]; IN("string", "boolean", "integer", "number", "array", "object"))) and
			(.unit | . == "" or test("^[A-Za-z]+([ /][a-z]+)*$")) and
			(.cost | IN("free", "cheap", "dear")) and
			(.help | test("^[A-Za-z0-9].*([^. ]|[.]{3})$"))) | not) | "\($t): \(tojson)"' columns >>faults
		jq -r --arg t "$topic" '.[] | select(.unit != "" and .type != "integer" and
			.type != "number" and .type != "array" and .type != "object") |
			"\($t): a unit of a \(.type): \(tojson)"' columns >>faults
	done
	no_faults
}

# What a JSON record of one topic has to be. $columns are its columns, $key its key.
# shellcheck disable=SC2016 # the dollars are jq's
record_jq='
def whys: ["unsupported", "permission", "gone", "not_applicable"];
def fits($wanted):
	. == null or
	if $wanted == "integer" then type == "number" and floor == .
	else type as $type | $wanted | split(" or ") | index($type) != null end;
def in_range($c):
	if type != "number" then true
	elif $c.unit == "percent" then . >= 0 and ($key == "processes" or . <= 100)
	elif $c.unit == "bytes" then . >= 0
	else true end;
def wrong_row($optional):
	. as $row | ($columns | map({key: .name, value: .}) | from_entries) as $known |
	(keys_unsorted - ["unavailable"] | map(select(endswith("_b64") | not))) as $keys |
	($keys[] | select(in($known) | not) | "\(.) is no column"),
	(($columns | map(select(.default).name)) - $keys - $optional | .[] | "\(.) is not shown"),
	($keys[] | select(in($known)) | . as $k | $row[$k] |
		(select(fits($known[$k].type) | not) | "\($k) is no \($known[$k].type): \(tojson)"),
		(select(in_range($known[$k]) | not) | "\($k) is out of its range: \(.)")),
	([$keys[] | select($row[.] == null)] as $nulls |
		(($row.unavailable // {}) | keys) as $explained |
		(select(($nulls | sort) != $explained) |
			"null are \($nulls | tojson), explained are \($explained | tojson)")),
	((.unavailable // {})[] | select(. as $w | whys | index($w) | not) | "no reason: \(.)"),
	(select(.unavailable == {}) | "an empty unavailable");
def wrong:
	(select((.time | type) != "number" or .time < 1e9) | "time is \(.time)"),
	(select(keys_unsorted - ["time", "interval"] != [$key]) | "keys are \(keys_unsorted)"),
	# A total has no need of what would name its row.
	(.[$key] | (if type == "array" then [] else [$columns[0].name] end) as $optional |
		if type == "array" then .[] else . end |
		if type == "object" then wrong_row($optional) else "no object: \(tojson)" end);
'

check_json()
{
	say "$@" --json || return 0
	[[ $(wc -l <out) == 1 ]] || fault "prockit $*: not one line"
	columns_of "${@:1:2}" >columns
	jq -r --arg key "$key" --argjson columns "$(<columns)" "$record_jq wrong" out >wrong 2>&1 || echo 'jq cannot read it' >>wrong
	[[ ! -s wrong ]] || fault "prockit $*: $(head -n 5 wrong)"
}

@test "topics: JSON has the declared keys and types, and a reason for each null and for nothing else" {
	for_each_variant check_json
}

# same FILE WORD...: in FILE is {before, rows, after, headings}: what other formats show is what JSON
# did, wherever that was the same before and after.
same()
{
	local file=$1
	shift
	jq -r '
	def text: if . == null then "" elif type == "string" then . else tojson end;
	def rows($key): .[$key] | if type == "array" then . else [.] end;
	def strip: with_entries(select(.key | . != "unavailable" and (endswith("_b64") | not)));
	def equal($v; $t):
		if $v == null then $t == ""
		elif ($v | type) == "string" then $v == $t or ($v | contains("\ufffd"))
		else ($t | try fromjson catch "no JSON") == $v end;
	.key as $key |
	[.before | rows($key)[] | strip] as $before | [.after | rows($key)[] | strip] as $after |
	(select(.before != null and ($before | length) == ($after | length) and
			($before | length) != (.rows | length)) |
		"\(.rows | length) rows instead of \($before | length)"),
	(.headings as $h | .rows[] | select(length != ($h | length)) |
		"a row has \(length) fields and not \($h | length): \(tojson)"),
	(select(($before | length) > 0 and .headings != ($before[0] | keys_unsorted)) |
		"headings: \(.headings | tojson)"),
	(select(($before | length) == ($after | length)) | . as $all | range($before | length) as $i |
		$all.headings | to_entries[] | .key as $k | .value as $name |
		select($before[$i][$name] == $after[$i][$name]) |
		$all.rows[$i][$k] as $shown |
		select(equal($before[$i][$name]; $shown) | not) |
		"\($name) is \($before[$i][$name] | text | tojson) and is shown as \($shown | tojson)")
	' "$file" >wrong 2>&1 || true
	[[ ! -s wrong ]] || fault "prockit $*: $(head -n 5 wrong)"
}

# frame WORD...: two JSON records around what the caller runs between them.
before()
{
	say "$@" --json && cp out before
}

after()
{
	say "$@" --json && cp out after
}

# compare_lines READER WORD...: the lines that another format has written into ./lines.
compare_lines()
{
	local reader=$1
	shift
	"$reader" lines >blocks 2>err || { fault "prockit $*: $(cat err)"; return; }
	[[ $(jq length blocks) == 1 ]] || fault "prockit $*: not one block"
	jq -n --arg key "$key" --slurpfile b before --slurpfile a after --slurpfile l blocks '
		{key: $key, before: $b[0], after: $a[0], headings: $l[0][0][0], rows: $l[0][0][1:]}' >joined
	same joined "$@"
}

check_csv()
{
	before "$@" && say "$@" --csv && cp out lines && after "$@" || return 0
	compare_lines csv_to_json "$@" --csv
}

check_raw()
{
	before "$@" && say "$@" --raw && cp out lines && after "$@" || return 0
	raw_to_json lines >blocks 2>err || { fault "prockit $* --raw: $(cat err)"; return; }
	# Escapes are undone for the comparison: those of ASCII, which is all that these have.
	jq -c 'def unescape: gsub("\\\\x(?<h>[0-7][0-9a-f])"; .h | explode | map(if . > 57 then . - 87
		else . - 48 end) | [.[0] * 16 + .[1]] | implode);
		map(map(map(unescape)))' blocks >unescaped
	jq -n --arg key "$key" --slurpfile b before --slurpfile a after --slurpfile l unescaped '
		{key: $key, before: $b[0], after: $a[0], headings: $l[0][0][0], rows: $l[0][0][1:]}' >joined
	same joined "$@" --raw
}

@test "topics: CSV is read back as the same values that JSON has" {
	save_samples
	for_each_variant check_csv 5
}

@test "topics: raw lines are read back as the same values that JSON has" {
	save_samples
	for_each_variant check_raw 5
}

check_shell()
{
	local -a names
	before "$@" && say "$@" --shell && cp out lines && after "$@" || return 0
	shell_is_words lines >wrong || { fault "prockit $* --shell: $(head -c 300 wrong)"; return; }
	mapfile -t names < <(columns_of "${@:1:2}" | jq -r --slurpfile b before --arg key "$key" '
		($b[0][$key] | if type == "array" then .[-1] // {} else . end) as $row |
		.[].name | select(in($row))')
	((${#names[@]})) || return 0
	shell_to_json lines "${names[@]}" >values 2>err || { fault "prockit $* --shell: $(cat err)"; return; }
	# The last row is the one whose values stand.
	jq -n --arg key "$key" --slurpfile b before --slurpfile a after --slurpfile v values '
		def last_of($r): $r[$key] | if type == "array" then .[-1:] else . end;
		{key: $key, before: {($key): last_of($b[0])}, after: {($key): last_of($a[0])},
			headings: ($v[0] | keys_unsorted), rows: [$v[0] | [.[]]]} |
		.headings as $h | .before[$key] |= if type == "array" then .[] else . end |
		.after[$key] |= if type == "array" then .[] else . end |
		.before[$key] |= with_entries(select(.key | IN($h[])))' >joined
	same joined "$@" --shell
}

@test "topics: words for the shell are nothing but that, and dash gets the same values from them" {
	save_samples
	for_each_variant check_shell 5
}

check_get()
{
	local name rows
	[[ ${1-} != ps ]] || return 0
	before "$@" || return 0
	rows=$(jq --arg k "$key" '.[$k] | if type == "array" then length else 1 end' before)
	for name in $(columns_of "${@:1:2}" | jq -r '.[].name'); do
		say "$@" "--get=$name" || continue
		[[ $(wc -l <out) == "$rows" ]] || fault "prockit $* --get=$name: $(wc -l <out) lines, not $rows"
	done
}

@test "topics: --get prints a line a row, of every column" {
	for_each_variant check_get
}

check_openmetrics()
{
	say "$@" --openmetrics || return 0
	is_openmetrics out >wrong || fault "prockit $*: $(head -n 5 wrong)"
}

@test "topics: OpenMetrics passes a check of its grammar, of each topic and of all" {
	for_each_variant check_openmetrics
	local -a now
	mapfile -t now < <(jq -r '.topics[] | select(.samples | not).topic' list.json)
	say sysinfo --openmetrics "${now[@]}"
	is_openmetrics out
	run -0 grep -c '^[a-z]' out
	((output > 50))
}

check_table()
{
	say "$@" || return 0
	if LC_ALL=C grep -q '[[:cntrl:]]' out; then
		fault "prockit $*: control characters: $(LC_ALL=C grep '[[:cntrl:]]' out | cat -v)"
	fi
	iconv -f UTF-8 -t UTF-8 out >/dev/null 2>&1 || fault "prockit $*: no UTF-8"
}

@test "topics: a table in a pipe has neither colours nor control characters" {
	for_each_variant check_table
}

# structure FILE: all keys and types of JSON, with all elements of an array as one.
structure()
{
	jq -c '[paths(true) as $p | [$p | map(if type == "number" then 0 else . end),
		(getpath($p) | type | if . == "null" then "any" else . end)] | tojson] |
		map(select(test("unavailable") | not)) | unique[]' "$1" |
		grep -v '"any"' | sort -u
}

# on_terminal WORD...: what it shows on a terminal of its own, with colours taken away.
on_terminal()
{
	"$(helper pty-run)" -- env COLUMNS=80 TERM=xterm-256color prockit "$@" | tr -d '\r' | sed 's/\x1b\[[0-9;]*[A-Za-z]//g'
}

@test "topics: JSON and headings are the same on a terminal and in a pipe" {
	local topic format
	for topic in "${topics[@]}"; do
		[[ $(jq --arg t "$topic" '.topics[] | select(.topic == $t).samples' list.json) == false ]] ||
			continue
		prockit sysinfo "$topic" --json >pipe.json
		on_terminal sysinfo "$topic" --json >terminal.json
		diff <(structure pipe.json) <(structure terminal.json) >difference ||
			fault "$topic: $(cat difference)"
		for format in --raw --csv; do
			diff <(prockit sysinfo "$topic" $format | sed q) \
				<(on_terminal sysinfo "$topic" $format | sed q) >difference ||
				fault "$topic $format: $(cat difference)"
		done
		diff <(prockit sysinfo "$topic" | sed q | xargs -n 1) \
			<(on_terminal sysinfo "$topic" | sed q | xargs -n 1) >difference ||
			fault "$topic, table: $(cat difference)"
	done
	prockit ps --json >pipe.json
	on_terminal ps --json >terminal.json
	diff <(structure pipe.json | grep -v _b64) <(structure terminal.json | grep -v _b64)
	no_faults
}

@test "topics: nothing changes under a locale whose decimal sign is a comma" {
	local topic
	for topic in "${topics[@]}"; do
		[[ $(jq --arg t "$topic" '.topics[] | select(.topic == $t).samples' list.json) == false ]] ||
			continue
		prockit sysinfo "$topic" --json >"$topic.c"
	done
	prockit ps --json $$ >ps.c
	make_comma_locale
	for topic in *.c; do
		topic=${topic%.c}
		if [[ $topic == ps ]]; then prockit ps --json $$; else prockit sysinfo "$topic" --json; fi >comma
		diff <(structure "$topic.c") <(structure comma) >difference || fault "$topic: $(cat difference)"
	done
	[[ $(prockit sysinfo load --raw -n) =~ ^[0-9]+\.[0-9]+$'\t' ]]
	[[ $(prockit sysinfo load --csv -n) =~ ^[0-9.]+,[0-9.]+,[0-9.]+$ ]]
	[[ $(prockit sysinfo load) =~ [0-9]\.[0-9] ]]
	[[ $(prockit sysinfo load --get=load1) =~ ^[0-9]+\.[0-9]+$ ]]
	prockit sysinfo load uptime memory --openmetrics >metrics
	is_openmetrics metrics
	no_faults
}

@test "topics: psutil's names of functions are names of topics, with hyphens or underscores" {
	local pair alias topic
	for pair in cpu_times=cpu-times cpu_percent=cpu-percent cpu_times_percent=cpu-times-percent \
		cpu_count=cpu-count cpu_stats=cpu-stats cpu_freq=cpu-freq getloadavg=load \
		virtual_memory=memory swap_memory=swap disk_partitions=disk-partitions \
		disk_usage=disk-usage disk_io_counters=disk-io net_io_counters=net-io \
		net_if_addrs=net-addrs net_if_stats=net-stats net_connections=net-connections \
		sensors_temperatures=temperatures sensors_fans=fans sensors_battery=battery \
		boot_time=boot-time users=users; do
		alias=${pair%=*} topic=${pair#*=}
		[[ " ${topics[*]} " == *" $topic "* ]] || fault "there is no $topic"
		for alias in "$alias" "${alias//_/-}"; do
			prockit sysinfo --list-columns --raw "$alias" >by_alias 2>&1 || fault "$alias: $(cat by_alias)"
			prockit sysinfo --list-columns --raw "$topic" >by_name
			cmp -s by_alias by_name || fault "$alias is not $topic"
		done
	done
	[[ $(prockit sysinfo virtual_memory --json | jq -r 'keys_unsorted[-1]') == memory ]]
	no_faults
}

@test "topics: a topic that is misspelt by a letter is suggested" {
	local topic
	for topic in "${topics[@]}"; do
		prockit sysinfo "${topic}x" >out 2>err && fault "${topic}x: accepted"
		[[ $(wc -l <err) == 1 && $(cat err) == "prockit sysinfo: '${topic}x' "*"(did you mean $topic?)" ]] ||
			fault "${topic}x: $(cat err)"
		[[ ! -s out ]] || fault "${topic}x: wrote to standard output"
	done
	no_faults
}

@test "topics: every topic stays within 4 MiB and 60 system calls, if it reads a file or two" {
	[[ $PROCKIT_SANITIZERS != yes ]] || skip 'the sanitizers have their own needs'
	command -v strace >/dev/null || skip 'no strace'
	local topic calls start opened few=0
	for topic in $(jq -r '.topics[] | select(.samples | not).topic' list.json); do
		strace -o trace prockit sysinfo "$topic" --json >out || fault "$topic: status $?"
		calls=$(grep -vc -e '+++ exited' -e '--- SIG' trace)
		# What it opens, lists and asks of devices, once it has begun.
		start=$(grep -nm1 'AT_FDCWD, "/proc"' trace)
		opened=$(tail -n "+${start%%:*}" trace | grep -cE '^(openat|getdents64|socket|sendto|recvmsg|ioctl|clone)')
		"$(helper peak-memory)" peak prockit sysinfo "$topic" --json >out || fault "$topic: status $?"
		(($(<peak) <= 4096)) || fault "$topic: $(<peak) KiB"
		# /proc itself, and two files. One for each CPU, device or group is another matter.
		((opened <= 3)) || continue
		few=$((few + 1))
		((calls <= 60)) || fault "$topic: $calls system calls"
	done
	# Most of them, also on other machines.
	((few >= 10)) || fault "only $few topics read a file or two"
	no_faults
}

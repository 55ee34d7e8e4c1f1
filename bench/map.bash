# The section "map" of bench/run, which loads this file and has set or reads these names.
# shellcheck disable=SC2154,SC2034

# Those that may be called "parallel": GNU's, and that of moreutils. Where both are
# installed, Debian calls the latter parallel.moreutils. PARALLEL may name GNU's, and is not
# left in the environment, where GNU's would read options in it.
find_parallels() {
	local name text

	export PARALLEL_HOME=$scratch # where GNU's keeps notes
	gnu=not-installed moreutils=not-installed
	for name in ${PARALLEL:+"$PARALLEL"} parallel parallel.moreutils; do
		type -P "$name" >/dev/null || continue
		# That of moreutils knows no such option, and says how it is used.
		text=$("$name" --version 2>&1)
		if [[ $text == 'GNU parallel'* ]]; then
			[ "$gnu" != not-installed ] || gnu=$name
		elif [[ $text == *'parallel [OPTIONS] command -- arguments'* ]]; then
			[ "$moreutils" != not-installed ] || moreutils=$name
		fi
	done
	unset PARALLEL
}

section_map() {
	local gnu moreutils true

	find_parallels
	true=$(type -P true)
	printf '\nmap beside %s; GNU parallel: %s\n' "$(first_line xargs --version)" \
		"$(first_line "$gnu" --version)"
	map_rates
	map_startup
	map_output
	map_memory
}

# items COUNT - a file of so many lines, and its name.
items() {
	seq "$1" >"$scratch/$1" && printf '%s' "$scratch/$1"
}

map_rates() {
	local n few jobs

	n=$(rounds 2000 400)
	few=$((n / 4))
	heading "Jobs of map: $n times true, 2 at a time (GNU parallel: $few times)" jobs/s
	items "$few" >/dev/null
	jobs=$n
	subject 'map -j2 true' "$prockit" map -a "$(items "$n")" -j2 "$true"
	# All of them give it a word: with one, true does more.
	against 'spawner' '>= 0.85' "$programs/spawner" "$n" 2 "$true" 1
	against 'xargs -P2 -n1' '>= 1.15' xargs -a "$scratch/$n" -P2 -n1 "$true"
	# shellcheck disable=SC2046
	against 'moreutils' '' "$moreutils" -j2 "$true" -- $(seq "$n")
	against 'Python pool of 2' '' "$(python_with concurrent.futures)" -c \
		'import concurrent.futures, multiprocessing, subprocess, sys
fork = multiprocessing.get_context("fork")
with concurrent.futures.ProcessPoolExecutor(2, mp_context=fork) as pool:
    for done in pool.map(subprocess.run, [sys.argv[2:]] * int(sys.argv[1])):
        done.check_returncode()' "$n" "$true" 1
	jobs=$few
	against 'GNU parallel -j2' '>= 7' "$gnu" --will-cite -a "$scratch/$few" -j2 "$true"
	compare "$(rounds 5 3)"
	jobs_cpu
}

# jobs_cpu - the last comparison once more: the processor time of a job, user and system,
# which hardly depends on what else the machine does.
jobs_cpu() {
	local results i names=("$what" "${labels[@]}")

	printf '\n%-28s %14s %6s\n' 'processor time of a job' ms ratio
	mapfile -t -s 1 results <"$scratch/results"
	for i in "${!results[@]}"; do
		printf '%s\t%s\n' "${results[0]}" "${results[i]}"
	done | awk -F '\t' -v names="$(IFS=/ && echo "${names[*]}")" \
		-v counts="${counts[*]}" '
		BEGIN { split(names, name, "/"); split(counts, count, " ") }
		{
			ours = $5 / count[1]
			theirs = $13 / count[NR]
			printf "%-28s %14.3f %6.2f\n", name[NR], theirs, ours / theirs
		}'
}

map_startup() {
	heading 'Start-up of map: one item'
	subject 'map true' "$prockit" map -a "$(items 1)" "$true"
	against 'xargs' '<= 1.20' xargs -a "$scratch/1" "$true"
	against 'xargs -P2 -n1' '' xargs -a "$scratch/1" -P2 -n1 "$true"
	against 'moreutils' '' "$moreutils" "$true" -- 1
	compare "$(rounds 200 60)"
	subject 'map true' "$prockit" map -a "$scratch/1" "$true"
	against 'GNU parallel' '' "$gnu" --will-cite -a "$scratch/1" "$true"
	compare "$(rounds 15 3)"
}

# piped_subject, piped_against - as without "piped_", with "| cat" behind the command. That
# the command fails is a failure of the whole.
piped_subject() {
	# shellcheck disable=SC2016
	subject "$1" sh -c '{ "$@" || kill "$$"; } | cat' sh "${@:2}"
}

piped_against() {
	if type -P "$3" >/dev/null; then
		# shellcheck disable=SC2016
		against "$1" "$2" sh -c '{ "$@" || kill "$$"; } | cat' sh "${@:3}"
	else
		against "$1" "$2" "$3"
	fi
}

map_output() {
	local big=$scratch/100M cat

	cat=$(type -P cat)
	yes 'The quick brown fox jumps over the lazy dog, and 0123456789 follow.' |
		head -c 100MB >"$big" || die "$scratch: too little room"
	printf '%s\n' "$big" "$big" "$big" "$big" >"$scratch/4"
	heading 'Output of map: 4 jobs of 100 MB, grouped, into a pipe (xargs: mixed)'
	piped_subject 'map -j2 cat' "$prockit" map -a "$scratch/4" -j2 "$cat"
	piped_against 'GNU parallel -j2' '<= 1.00' "$gnu" --will-cite -a "$scratch/4" -j2 "$cat"
	piped_against 'moreutils' '' "$moreutils" -j2 "$cat" -- "$big" "$big" "$big" "$big"
	piped_against 'xargs -P2 -n1' '' xargs -a "$scratch/4" -P2 -n1 "$cat"
	compare "$(rounds 9 3)"
	piped_subject 'map -j2 -k cat' "$prockit" map -a "$scratch/4" -j2 -k "$cat"
	piped_against 'GNU parallel -j2 -k' '' "$gnu" --will-cite -a "$scratch/4" -j2 -k "$cat"
	compare "$(rounds 9 3)"
	rm -f "$big"
}

# peaks WHAT TARGET COMMAND... - the memory of a command as a row.
peaks() {
	local label=$1 target=$2

	if ! "$programs/stopwatch" 1 -- "${@:3}" >"$scratch/results"; then
		printf '  %s: could not be measured\n' "$label"
		return
	fi
	awk -F '\t' -v what="$label" -v target="$target" 'NR == 2 {
		printf "%-46s %9.1f  %-9s", what, $6 * 1024 / 1e6, target
		printf(($7 >= 1024 ? "+%.0f" : "") "\n", $7 * 1024 / 1e6)
	}' "$scratch/results"
}

map_memory() {
	local many n

	n=$(rounds 20000 2000)
	many=$(items 1000000)
	printf '\nMemory of map: the peak of its largest process, in MB\n'
	printf '%-46s %9s  %-9s %s\n' what MB target shared
	peaks 'map: 1,000,000 items, 1,000 a job' '< 4' \
		"$prockit" map -a "$many" -j2 -n 1000 "$true"
	peaks 'xargs: the same' '' xargs -a "$many" -P2 -n 1000 "$true"
	peaks "map: $n items" '< 4' "$prockit" map -a "$(items "$n")" -j2 "$true"
	peaks "xargs: the same" '' xargs -a "$scratch/$n" -P2 -n1 "$true"
	peaks 'map: one job that prints 400 MB' '< 10' \
		"$prockit" map -j2 head ::: --bytes=400MB :::+ /dev/zero
	# The first ends after the second, whose output has to wait so long.
	mkfifo "$scratch/turn" || die "$scratch: cannot make a FIFO"
	peaks 'map -k: the second of two prints 400 MB' '< 10' \
		"$prockit" map -j2 -k sh -c ::: "cat '$scratch/turn'" \
		"head --bytes=400MB /dev/zero; echo >'$scratch/turn'"
	if type -P "$gnu" >/dev/null; then
		peaks 'GNU parallel: one job that prints 400 MB' '' \
			"$gnu" --will-cite -j2 head ::: --bytes=400MB :::+ /dev/zero
	fi
	rm -f "$many"
}

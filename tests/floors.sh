#!/bin/bash
# The plan of the house, checked: arrows point down, only messages and the subcommands speak,
# nothing is too long, everything is listed. Prints TAP.
#
# PROCKIT_SRCDIR names another tree to check (it is how one sees this test fail).

export LC_ALL=C
shopt -s lastpipe # verdict counts in this shell
if [[ -n ${PROCKIT_TESTS_SRCDIR-} ]]; then
	here=$PROCKIT_TESTS_SRCDIR
else
	here=$(dirname -- "${BASH_SOURCE[0]}")
fi
cd -- "${PROCKIT_SRCDIR:-$here/..}" || exit

# Which folders each folder may include from. "." is main.c and what stands beside it,
# sysinfo/ is a program beside it, which takes from "." how it is called, and
# proc/ and cli/ are neighbours: the option groups of cli/ fill the structures of proc/.
declare -A may_include=(
	[base]='base'
	[proc]='base proc'
	[cli]='base proc cli'
	[record]='base proc cli record'
	[drive]='base proc cli record drive'
	[map]='base proc cli record drive map'
	[cmd]='. base proc cli record drive map cmd'
	[sysinfo]='. base proc cli sysinfo'
	[.]='. base proc cli record drive map cmd'
)
max_file_lines=600
max_function_lines=100
declare -i number=0

# verdict NAME: a TAP line; what stands on stdin are the violations.
verdict()
{
	local found
	found=$(cat)
	number+=1
	if [[ -z $found ]]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		printf '# %s\n' "${found//$'\n'/$'\n'# }"
	fi
}

c_files()
{
	find "$@" -name '*.[ch]' | sort
}

# Print a C file without what stands in comments and quotes, line by line as it was.
strip_c()
{
	awk '
	{
		line = $0; kept = ""
		while (line != "") {
			if (in_comment) {
				end = index(line, "*/")
				if (!end) { line = ""; break }
				line = substr(line, end + 2); in_comment = 0
			} else if (match(line, /\/\*|\/\/|"|\047/)) {
				kept = kept substr(line, 1, RSTART - 1)
				token = substr(line, RSTART, RLENGTH)
				line = substr(line, RSTART + RLENGTH)
				if (token == "//") { line = ""; break }
				if (token == "/*") { in_comment = 1; continue }
				kept = kept token
				while (line != "" && substr(line, 1, 1) != token)
					line = substr(line, substr(line, 1, 1) == "\\" ? 3 : 2)
				line = substr(line, 2)
				kept = kept token
			} else {
				kept = kept line; line = ""
			}
		}
		print kept
	}' "$1"
}

# The folder of src/ that a path under src/ belongs to.
floor_of()
{
	case $1 in
	*/*) echo "${1%%/*}" ;;
	*) echo . ;;
	esac
}

upward_includes()
{
	local file name floor target
	while read -r file; do
		floor=$(floor_of "${file#src/}")
		while read -r name; do
			[[ $name == config.h ]] && continue
			target=$(floor_of "$name")
			if [[ ! -e src/$name ]]; then
				echo "$file includes \"$name\", which is not a path below src/"
			elif [[ " ${may_include[$floor]-} " != *" $target "* ]]; then
				echo "$file includes \"$name\""
			fi
		done < <(sed -n 's/^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*"\([^"]*\)".*/\1/p' "$file")
	done < <(c_files src)
}

unknown_folders()
{
	local file floor
	while read -r file; do
		floor=$(floor_of "${file#src/}")
		[[ -n ${may_include[$floor]-} ]] || echo "$file"
	done < <(c_files src)
}

# config.h comes first, or _GNU_SOURCE and the size of off_t come too late.
config_not_first()
{
	local file first
	while read -r file; do
		first=$(grep -m1 '^#include' "$file")
		[[ $first == '#include "config.h"' ]] || echo "$file: $first"
	done < <(c_files src | grep '\.c$')
}

# calls FUNCTION|... FOLDER...: where a function is called, apart from base/message.c.
calls()
{
	local file pattern=$1
	shift
	while read -r file; do
		[[ $file == src/base/message.c ]] && continue
		strip_c "$file" | grep -nE "(^|[^[:alnum:]_.>])($pattern)[[:blank:]]*\(" |
			sed "s,^,$file:,"
	done < <(c_files "$@")
}

long_files()
{
	local file lines
	while read -r file; do
		lines=$(wc -l <"$file")
		((lines <= max_file_lines)) || echo "$file: $lines lines"
	done < <(c_files src tests bench)
}

# A function is what stands between "{" and "}" in the first column, and its name above it.
long_functions()
{
	local file
	while read -r file; do
		awk -v file="$file" -v max="$max_function_lines" '
		/^[a-zA-Z_].*\(/ { head = $0 }
		/^\{/ { start = NR }
		/^\}/ && start {
			if (NR - start + 1 > max)
				print file ":" start ": " NR - start + 1 " lines: " head
			start = 0
		}' "$file"
	done < <(c_files src tests bench)
}

# What the lists of a local.mk name: every word that starts with %D%/.
listed()
{
	grep -o '%D%/[^[:blank:]\\]*' "$1/local.mk" | sed "s,^%D%,$1," | sort -u
}

# unlisted FOLDER: which of the files named on stdin the folder's local.mk lacks.
unlisted()
{
	comm -13 <(listed "$1") <(sort) | sed 's/$/ is in no list/'
}

# What a local.mk names must be there; programs stand in it by the name of their source.
listed_but_missing()
{
	local folder=$1 file
	while read -r file; do
		[[ -e $file || -e $file.c ]] || echo "$file is listed and not there"
	done < <(listed "$folder")
}

src_lists()
{
	find src -name '*.[ch]' -o -name '*.def' | unlisted src
	listed_but_missing src
}

# Whatever is a test by its name.
tests()
{
	find tests -name '*.bats' -o -name 'floors.sh'
	find tests/unit -name 'test-*.c' | sed 's/\.c$//'
}

test_lists()
{
	{
		find tests -type f ! -name '*.c' ! -name local.mk
		find tests -name '*.c' | sed 's/\.c$//'
	} | unlisted tests
	listed_but_missing tests
	comm -13 <(sed -n '/^TESTS/,/[^\\]$/p' tests/local.mk | grep -o '%D%/[^[:blank:]\\]*' |
		sed 's,^%D%,tests,' | sort) <(tests | sort) | sed 's/$/ is not in TESTS/'
}

other_lists()
{
	local folder
	for folder in man completions bench; do
		find "$folder" -type f ! -name '*.c' ! -name local.mk | unlisted "$folder"
		find "$folder" -name '*.c' | sed 's/\.c$//' | unlisted "$folder"
		listed_but_missing "$folder"
	done
}

quiet_floors=(src/base src/proc src/cli src/record src/drive src/map)
printing='v?f?printf|v?dprintf|f?puts|putchar|putc|fputc|fwrite|perror|v?err|v?errx|v?warn|v?warnx|error|psignal|syslog|v?syslog'
ending='exit|_exit|_Exit|quick_exit|abort|assert|__builtin_trap'

echo 1..9
unknown_folders | verdict 'every source stands on a known floor'
upward_includes | verdict 'includes spell their floor and point down'
config_not_first | verdict 'config.h is the first include of every source'
calls "$printing" "${quiet_floors[@]}" src/sysinfo | verdict 'nothing below the subcommands prints'
calls "$ending" "${quiet_floors[@]}" | verdict 'nothing below the subcommands ends the process'
{ long_files; long_functions; } |
	verdict "no file exceeds $max_file_lines lines, no function $max_function_lines"
src_lists | verdict 'src/local.mk lists every source, and only those'
test_lists | verdict 'tests/local.mk lists every test and helper, and only those'
other_lists | verdict 'man pages, completions and benchmarks are listed'

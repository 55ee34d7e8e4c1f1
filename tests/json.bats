#!/usr/bin/env bats
# The JSON writer, read back by parsers that are not ours: every sequence of one and of two
# bytes, and many longer ones, must come out as they went in.

bats_require_minimum_version 1.5.0

setup_file()
{
	"$PROCKIT_TESTS_BUILDDIR/unit/json-bytes" >"$BATS_FILE_TMPDIR/records"
}

setup()
{
	records=$BATS_FILE_TMPDIR/records
}

@test "json: there is a line for every sequence of one and of two bytes" {
	run -0 jq -r 'select(.hex | length == 2 or length == 4).hex' "$records"
	[ "$(sort -u <<<"$output" | wc -l)" -eq $((256 + 65536)) ]
}

@test "json: it is valid UTF-8" {
	run -0 iconv -f UTF-8 -t UTF-32 "$records" >/dev/null
}

@test "json: every line is one value for jq" {
	# shellcheck disable=SC2016 # $line is a variable of jq
	run -0 jq -n 'reduce inputs as $line (0; . + 1)' "$records"
	[ "$output" -eq "$(wc -l <"$records")" ]
}

@test "json: jansson reads the bytes that were written" {
	run -0 "$PROCKIT_TESTS_BUILDDIR/unit/json-check" <"$records"
	[ "$output" -eq "$(wc -l <"$records")" ]
}

@test "json: jq reads the bytes that were written" {
	# 65533 is U+FFFD. Where none is in a string, its bytes are those of the base64 form.
	# shellcheck disable=SC2016 # $valid is a variable of jq
	run -0 jq -c '
		(.string | explode | index(65533) == null) as $valid |
		select((
			.pieces == .string and
			(if $valid then (.string | @base64) == .base64 else true end) and
			(if .hex | [scan("..")] | index("00") then
				.text == null and .list == null
			 else
				.text == .string and .list == ["-x", .string] and
				(if has("text_b64") then
					$valid == false and .text_b64 == .base64 and
					.list_b64 == ["LXg=", .base64]
				 else
					(.string | @base64) == .base64 and
					has("list_b64") == false
				 end)
			 end)) | not)' "$records"
	[ -z "$output" ]
}

@test "json: base64(1) decodes to the bytes that were written" {
	jq -r .base64 "$records" | base64 -d | od -An -v -tx1 | tr -d ' \n' >"$BATS_TEST_TMPDIR/is"
	jq -r .hex "$records" | tr -d '\n' >"$BATS_TEST_TMPDIR/wanted"
	cmp "$BATS_TEST_TMPDIR/is" "$BATS_TEST_TMPDIR/wanted"
	[ -s "$BATS_TEST_TMPDIR/wanted" ]
}

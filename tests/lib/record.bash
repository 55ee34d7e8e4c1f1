# Looking at the records that --report and run write: are they whole, and what do they say.

# says FILE EXPR: the jq expression is true of the record in FILE; else show the record.
says()
{
	jq -e "$2" "$1" >/dev/null && return
	echo "not so: $2"
	echo "in $1: $(jq -c . "$1" || cat "$1")"
	return 1
}

# is_record FILE: it holds one line, and that is a record with every key, each of its type, that
# does not contradict itself.
is_record()
{
	local wrong
	if (($(wc -l <"$1") != 1)) || [[ $(tail -c 1 "$1" | od -An -tx1) != ' 0a' ]]; then
		echo "not one line: $1: $(cat "$1")"
		return 1
	fi
	wrong=$(jq -r "$record_jq wrong" "$1") || wrong+="jq cannot read it"
	[[ -z $wrong ]] && return
	printf 'wrong in %s:\n%s\n' "$1" "$wrong"
	cat "$1"
	return 1
}

# shellcheck disable=SC2016 # the dollars are jq's
record_jq='
def is(t): type == t;
def or_null(f): . == null or f;
def whole: is("number") and floor == .;
def count: whole and . >= 0;
def amount: is("number") and . >= 0;
def signal: is("string") and test("^SIG[A-Z0-9+-]+$");
def list_of(f): is("array") and all(.[]; f);
def process: is("object") and (.pid | whole) and (.comm | or_null(is("string")));
def has_keys(f): . as $o | all(f; in($o));
def rusage_keys: "user_ms", "system_ms", "max_rss_bytes", "minor_faults", "major_faults",
	"voluntary_switches", "involuntary_switches", "in_blocks", "out_blocks";
def rusage: is("object") and has_keys(rusage_keys) and all(.[]; amount);
def step: IN("exec", "chdir", "open", "pipe", "spawn");
def error:
	is("object") and has_keys("path") and (.path | or_null(is("string"))) and (.step | step) and
	(.errno | is("string") and test("^E[A-Z0-9]+$")) and (.message | is("string"));
def time:
	is("string") and
	test("^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9][.][0-9]{9}Z$");
def outcome: IN("exited", "signaled", "timed_out", "idle_timed_out", "output_limit",
	"interrupted", "not_started");
def encoding: IN("utf-8", "base64");

def wrong_types:
	. as $r |
	def key(k; f):
		if $r | has(k) | not then "\(k) is absent"
		elif $r[k] | f then empty
		else "\(k) is \($r[k] | tojson)" end;
	key("schema"; is("number") or is("string")),
	key("argv"; or_null(list_of(is("string")))),
	key("command"; or_null(is("string"))),
	key("executable"; or_null(is("string"))),
	key("cwd"; or_null(is("string"))),
	key("shell"; or_null(is("boolean"))),
	key("pid"; or_null(whole and . > 0)),
	key("handle"; or_null(is("string") and test("^[0-9]+[:@][0-9]+$"))),
	key("started_at"; or_null(time)),
	key("duration_ms"; or_null(amount)),
	key("outcome"; outcome),
	key("returncode"; or_null(whole and . > -65 and . < 256)),
	key("exit_code"; or_null(count and . < 256)),
	key("signal"; or_null(signal)),
	key("signal_number"; or_null(whole and . > 0 and . < 65)),
	key("core_dumped"; or_null(is("boolean"))),
	key("exit_status"; or_null(count and . < 256)),
	key("timed_out"; is("boolean")),
	key("timeout_ms"; or_null(amount)),
	key("signals_sent"; list_of((.signal | signal) and (.at_ms | amount))),
	key("tries"; count),
	key("attempts"; or_null(list_of(is("object")))),
	key("stdout"; or_null(is("string"))),
	key("stderr"; or_null(is("string"))),
	key("stdout_encoding"; or_null(encoding)),
	key("stderr_encoding"; or_null(encoding)),
	key("stdout_bytes"; or_null(count)),
	key("stderr_bytes"; or_null(count)),
	key("truncated"; or_null(is("boolean"))),
	key("leaked"; or_null(is("boolean"))),
	key("holders"; or_null(list_of(process))),
	key("descendants_killed"; or_null(count)),
	key("descendants_left"; or_null(count)),
	key("survivors"; or_null(list_of(process and has("errno")))),
	key("rusage"; or_null(rusage)),
	key("error"; or_null(error));

def contradictions:
	if .outcome == "not_started" then
		(select(.pid != null or .returncode != null or .exit_code != null or .signal != null) |
			"it was not started, and yet has a pid or a status")
	else
		(select(.pid == null) | "it was started, but has no pid"),
		(select(.returncode == null) | "it was started, but has no returncode"),
		(select(.error != null) | "it was started, and yet there is an error"),
		(select(.rusage == null) | "it was started, but has no rusage"),
		(select(.returncode != (.exit_code // (0 - (.signal_number // 0)))) |
			"returncode is neither exit_code nor the negative signal_number"),
		(select((.signal == null) != (.signal_number == null)) |
			"only one of signal and signal_number is there"),
		(select((.handle | split("[:@]"; null)[0]) != (.pid | tostring)) |
			"the handle is not one of the pid")
	end,
	(select(.timed_out and .outcome == "exited") | "it is timed_out and exited"),
	(select(.outcome == "timed_out" and (.timed_out | not)) | "it timed out, but not timed_out"),
	(select((.tries > 1) != (.attempts != null)) | "tries and attempts disagree"),
	(select(.outcome == "signaled" and .exit_status != 128 + .signal_number) |
		"exit_status is not 128 and the signal"),
	(select(.outcome == "exited" and .exit_status != .exit_code) |
		"exit_status is not the exit_code"),
	(("stdout", "stderr") as $s |
		select((.[$s] == null) != (.[$s + "_encoding"] == null) or
			(.[$s] == null) != (.[$s + "_bytes"] == null)) |
		"\($s), its encoding and its size do not come together"),
	(("stdout", "stderr") as $s |
		select(.[$s + "_encoding"] == "utf-8" and (.truncated | not) and
			(.[$s] | utf8bytelength) != .[$s + "_bytes"]) |
		"\($s)_bytes is not the size of \($s)");

def wrong_stage: wrong_types, contradictions,
	(select(.index | whole and . > 0 | not) | "index is \(.index)"),
	(select(.benign_sigpipe | is("boolean") | not) | "benign_sigpipe is \(.benign_sigpipe)");

def wrong_pipeline: wrong_types,
	(select([.stages[].index] != [range(1; 1 + (.stages | length))]) | "stages are not counted from 1"),
	(select(.pipestatus | list_of(or_null(count)) | not) | "pipestatus is \(.pipestatus)"),
	(select((.pipestatus | length) != (.stages | length)) | "pipestatus and stages disagree"),
	(select(has("deciding_stage") | not) | "deciding_stage is absent"),
	(select(.deciding_stage | or_null(whole and . > 0) | not) |
		"deciding_stage is \(.deciding_stage)"),
	(.stages[] | "stage \(.index): \(wrong_stage)");

def wrong:
	if is("object") | not then "it is not an object"
	elif has("stages") then wrong_pipeline
	else
		wrong_types, contradictions,
		(select(.outcome == "not_started" and .error == null) | "it was not started without an error"),
		(.attempts[]? | "an earlier try: \(wrong_types, contradictions)")
	end;
'

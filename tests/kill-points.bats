#!/usr/bin/env bats
# prockit killed with SIGKILL at 1,000 random moments: what it leaves behind.

bats_require_minimum_version 1.5.0

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

# In a PID namespace of its own, whatever outlives prockit is seen, and cannot outlive the test.
kill_points()
{
	local unshare=(unshare --pid --fork --mount-proc)
	((EUID == 0)) || unshare+=(--map-root-user)
	"${unshare[@]}" true 2>/dev/null || skip 'no right to make a PID namespace here'
	"${unshare[@]}" --kill-child "$BATS_TEST_DIRNAME/lib/kill-points" "$@" 3>&-
}

@test "kill -9 of call at 300 moments leaves nothing behind" {
	kill_points 300 call
}

@test "kill -9 of check-output at 100 moments leaves nothing behind" {
	kill_points 100 check-output
}

@test "kill -9 of check-output with a large report at 200 moments leaves nothing behind" {
	kill_points 200 large
}

@test "kill -9 of check-output with its output in a file at 100 moments leaves nothing behind" {
	kill_points 100 spill
}

@test "kill -9 of run at 150 moments leaves nothing behind" {
	kill_points 150 run
}

@test "kill -9 of pipe at 150 moments leaves nothing behind" {
	kill_points 150 pipe
}

#!/usr/bin/env bash
# A Millrace worker: one job at a time, run several for more. Needs bash 4.4, curl 7.76 and jq 1.6.
set -um # -m: what runs in the background has a process group of its own, and is stopped as a whole.
url=${MILLRACE_URL:-http://127.0.0.1:3000} lease_ms=${LEASE_MS:-30000} busy='' stopping=''
dir=$(mktemp -d) && mkfifo "$dir/said" && beat=$(jq -n "$lease_ms / 3000")
wish=$(jq -n --arg queues "${QUEUES:-default}" --arg worker "bash-$$@$HOSTNAME" --argjson ms "$lease_ms" \
  '{queues: ($queues | split(",")), tasks: ["upper"], leaseMs: $ms, waitMs: 30000, worker: $worker}')
trap 'kill %% 2>/dev/null; rm -rf "$dir"' EXIT
trap '[[ $busy ]] || exit 0; stopping=1' TERM # It cuts a poll short; a job in hand is finished first.
upper() { # A task: it reads its payload and prints its result; or it prints what is wrong, and fails.
  local payload; payload=$(</dev/stdin)
  sleep "$(jq '(.sleepMs // 0) / 1000' <<<"$payload")"
  jq -c 'if .fail then "told to fail" | halt_error else {text: (.text | ascii_upcase)} end' <<<"$payload"
}
printf 'content-type: application/json\nauthorization: Bearer %s\n' "${MILLRACE_KEY:-}" >"$dir/head"
post() { curl -sS -m 10 -H "@$dir/head" --data-binary @- "$url$1" "${@:2}"; } # `ps` shows no key.
work() { # Job id, lease, task and payload.
  local said='' part status verb=complete filter='{lease: $lease, result: fromjson}'
  (trap '' TERM; "$3" <<<"$4" 2>&1) >"$dir/said" & local pid=$!
  exec 3<"$dir/said"
  while IFS= read -rd '' -t "$beat" part <&3; status=$?; said+=$part; ((status > 128)); do # Still at work.
    status=$(post "/leases/$2/heartbeat" -o "$dir/answer" -w '%{http_code}' <<<'{}')
    if [[ $status == 409 ]] || jq -e --arg id "$1" '.cancel | index($id)' "$dir/answer" >/dev/null; then
      kill -KILL -- "-$pid"
    fi
  done
  wait "$pid" || wait "$pid" || { verb=fail filter='{lease: $lease, error: {message: .}}'; } # TERM ends one.
  local end=$((SECONDS + lease_ms / 1000)) # When the lease has ended, others have the job.
  while jq -Rsc --arg lease "$2" "$filter" <<<"$said" >"$dir/body"
    status=$(post "/jobs/$1/$verb" -o "$dir/answer" -w '%{http_code}' <"$dir/body")
    ((status < 200 || status >= 500)) && ((SECONDS < end)); do sleep 1; done # To say it again does no harm.
  [[ $status == 200 ]] || echo "$1 $verb: $(cat "$dir/answer")" >&2 # 409: it is lost, others have it.
}
until [[ $stopping ]]; do
  post /leases -m 40 --fail-with-body <<<"$wish" >"$dir/taken" & wait $! || { cat "$dir/taken" >&2
    grep -q '"status": *4' "$dir/taken" && exit 1; sleep 1; } # 4xx: it would be refused again.
  busy=1
  read -r id lease task payload < <(
    jq -r '.lease as $lease | .jobs[]? | "\(.id) \($lease) \(.task) \(.payload)"' "$dir/taken")
  [[ -z $id ]] || work "$id" "$lease" "$task" "$payload"; busy=''
done

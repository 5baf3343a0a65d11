#!/bin/sh
# What watchbill does, in a minute: `make demo`. It reads this repository's own policies, then runs the engine for real,
# on the loopback and in a folder of its own that is taken away again.
set -eu
cd "$(dirname "$0")/.."

say() { printf '\n\033[1m%s\033[0m\n' "$1"; }
run() { printf '$ %s\n' "$*"; "$@"; }

say "1. Is the reference repository sound? (watchbill.yaml, ownership/, policies/)"
run watchbill validate --at 2026-11-23T03:12:00Z

say "2. Ten planted mistakes, all at once, each at its line:"
status=0
run watchbill validate examples/mistakes --at 2026-11-23T03:12:00Z || status=$?
test "$status" -eq 1 || { echo "demo: expected findings, and exit status 1" >&2; exit 1; }

say "3. Who is on call, three in the morning in London?"
run watchbill oncall payments storefront --at 2026-11-23T03:12:00Z

say "4. This alert just came in. What happens now, in five and in fifteen minutes, and why?"
run watchbill plan examples/alerts/checkout-high-error-rate.json --at 2026-11-23T03:12:00Z

say "5. For real: a server on SQLite, a pager that takes its pages, and an alert from Alertmanager."
folder=$(mktemp -d)
pager= server=
# Only what was started here is ended, and by its number.
end() {
    status=$?
    for each in $server $pager; do kill "$each" 2>/dev/null && wait "$each" 2>/dev/null || true; done
    if test "$status" -ne 0 && test -s "$folder/log"; then echo "demo: what the server said:" >&2; cat "$folder/log" >&2; fi
    rm -rf "$folder"
    exit "$status"
}
trap end EXIT
trap 'exit 130' INT TERM

# until_seen WORD FILE: wait for it, twenty seconds at most.
until_seen() {
    for _ in $(seq 100); do
        if grep -q "$1" "$2" 2>/dev/null; then return 0; fi
        sleep 0.2
    done
    echo "demo: waited for «$1» in vain" >&2
    return 1
}

cp -R examples/demo "$folder/demo"
python -u examples/demo/receiver.py > "$folder/pages" 2> "$folder/pager" &
pager=$!
until_seen '[0-9]' "$folder/pager"
port=$(cat "$folder/pager")
sed "s/127\.0\.0\.1:9495/127.0.0.1:$port/" examples/demo/policies/shop.yaml > "$folder/demo/policies/shop.yaml"

printf '$ watchbill serve --policies demo --port 0 --allow-private 127.0.0.1 &\n'
watchbill serve --policies "$folder/demo" --database "$folder/record.db" --port 0 --allow-private 127.0.0.1 > "$folder/listening" 2> "$folder/log" &
server=$!
until_seen 'listening on' "$folder/listening"
WATCHBILL_SERVER=$(sed -n 's/^listening on //p' "$folder/listening")
export WATCHBILL_SERVER
echo "listening on $WATCHBILL_SERVER"

run python examples/demo/send.py "$WATCHBILL_SERVER/v1/ingest/alertmanager" examples/demo/alert.json
until_seen 'ana:' "$folder/pages"
echo "  the page of the first level: her first contact is refused, and the next is taken at once, not in two minutes:"
grep -e '+351' -e 'ana:' "$folder/pages"
echo "  nobody takes it, so three seconds later the second level is paged:"
until_seen 'bo:' "$folder/pages"
grep 'bo:' "$folder/pages"
incident=$(watchbill incidents --format json | python -c 'import json, sys; print(json.load(sys.stdin)["incidents"][0]["id"])')
run watchbill ack "$incident" --as bo
echo "  bo starts the repair that is offered; somebody else has to say yes, and ana is told what waits, by the contact that wakes nobody:"
run watchbill run-step "$incident" restart-checkout --as bo
until_seen 'No: watchbill deny' "$folder/pages"
sed -n "/ana's mail/,/No: watchbill deny/p" "$folder/pages"
echo "  before she answers she sees exactly what it is; her yes names the digest of that, and is no yes to anything else:"
status=0
run watchbill approve "$incident" restart-checkout --as ana < /dev/null || status=$?
test "$status" -eq 2 || { echo "demo: expected that nothing is done without an answer" >&2; exit 1; }
digest=$(watchbill incidents show "$incident" --format json | python -c 'import json, sys; print(*(step["question"]["digest"] for step in json.load(sys.stdin)["steps"] if step["question"]))')
run watchbill approve "$incident" restart-checkout --digest "$digest" --as ana
until_seen '\[cluster\]' "$folder/pages"
grep -F '[cluster]' "$folder/pages"
run watchbill note "$incident" "Rolled back to the release of yesterday." --as bo
run watchbill resolve "$incident" --as bo

say "6. Everything that happened, and why:"
run watchbill incidents timeline "$incident"

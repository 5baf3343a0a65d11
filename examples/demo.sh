#!/bin/sh
# What watchbill does, in a minute: `make demo`. It reads this repository's own policies and touches nothing outside.
set -eu
cd "$(dirname "$0")/.."

say() { printf '\n\033[1m%s\033[0m\n' "$1"; }
run() { printf '$ %s\n' "$*"; "$@"; }

say "1. Is the reference repository sound? (watchbill.yaml, ownership/, policies/)"
run watchbill validate

say "2. Ten planted mistakes, all at once, each at its line:"
status=0
run watchbill validate examples/mistakes || status=$?
test "$status" -eq 1 || { echo "demo: expected findings, and exit status 1" >&2; exit 1; }

say "3. Who is on call, three in the morning in London?"
run watchbill oncall payments storefront --at 2026-11-23T03:12:00Z

say "4. This alert just came in. What happens now, in five and in fifteen minutes, and why?"
run watchbill plan examples/alerts/checkout-high-error-rate.json --at 2026-11-23T03:12:00Z

#!/bin/sh
# Builds every fuzzer and runs each for so many seconds (default 60), beginning with its seeds in Corpus/.
# Ends with an error at the first crash; the input that crashed is then in Crashes/.
set -eu
cd "$(dirname "$0")"
seconds=${1:-60}

swift build -c release --sanitize=fuzzer
programs=$(swift build -c release --sanitize=fuzzer --show-bin-path)

# Otherwise Swift's own crash handler ends the process before libFuzzer has written the input down.
export SWIFT_BACKTRACE=enable=no

mkdir -p Crashes
for corpus in Corpus/*; do
    name=$(basename "$corpus")
    found=$(mktemp -d)
    echo "fuzz-$name for $seconds s"
    "$programs/fuzz-$name" -max_total_time="$seconds" -max_len=200000 -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -verbosity=0 -artifact_prefix=Crashes/ "$found" "$corpus"
    rm -rf "$found"
done
rmdir --ignore-fail-on-non-empty Crashes

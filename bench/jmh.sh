#!/usr/bin/env bash
# Runs the JMH benchmarks, in a network namespace of their own; each makes its pods' itself, and removes them.
# usage: jmh.sh [JMH OPTIONS]      for instance: jmh.sh MessageBenchmark -prof gc, jmh.sh Delete -p links=100, jmh.sh -l
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. bench/src/main/sh/common.sh

require_root
find_jdk
build_java
# JMH talks to the JVMs that it starts over loopback.
# shellcheck disable=SC2016 # expanded by the inner shell
exec unshare --net sh -c 'ip link set lo up && exec "$@"' - "$JAVA_HOME/bin/java" -cp "$CLASSES" org.openjdk.jmh.Main "$@"

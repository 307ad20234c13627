#!/usr/bin/env bash
# Builds everything and runs every test, from a clean clone on a Debian machine. Installs what is missing. Must run as root:
# the tests make network namespaces. Ends with the sum of Surefire's counts, and with status 0 only if all went well.
set -euo pipefail
cd "$(dirname "$0")"
. scripts/lib.sh

require_root
install_missing
provide_kubectl
find_jdk
at_exit sweep_after_killed_tests

find . -path '*/target/surefire-reports/TEST-*.xml' -delete
status=0
mvn -B -ntp -T 2 verify "$@" || status=$?

read -r tests failures errors skipped < <(surefire_counts)
if [ "$tests" = 0 ]; then
    echo "No test ran"
    status=1
elif [ "$status" = 0 ] && [ $((failures + errors)) != 0 ]; then
    status=1
fi
[ "$status" = 0 ] || echo "The build or a test failed; see above"
echo "Tests run: $tests, Failures: $failures, Errors: $errors, Skipped: $skipped"
exit "$status"

package io.meshnet.tests;

/**
 * How a command ended.
 *
 * @param command what was run
 * @param status its exit status
 * @param out what it printed
 * @param err what it complained about
 */
record Outcome(String command, int status, String out, String err) {
    @Override
    public String toString() {
        return "%s%n  exit status %d%n  stdout: %s%n  stderr: %s".formatted(command, status, out, err);
    }
}

package io.meshnet.bench;

/**
 * A row of the table.
 *
 * @param work what was done
 * @param meshnet what meshnet takes for it
 * @param beside what somebody else takes, and who
 * @param ratio of the two
 * @param bar what it shall be
 * @param verdict whether it is; NONE where there is no bar
 */
record Row(String work, String meshnet, String beside, String ratio, String bar, Verdict verdict) {

    /** Whether a bar is met. */
    enum Verdict {
        MET("yes"),
        MISSED("**no**"),
        NONE("");

        private final String text;

        Verdict(String text) {
            this.text = text;
        }

        static Verdict of(boolean met) {
            return met ? MET : MISSED;
        }
    }

    /** As a line of Markdown. */
    String markdown() {
        return "| " + String.join(" | ", work, meshnet, beside, ratio, bar, verdict.text) + " |";
    }
}

package io.meshnet.daemon;

/** What is quoted of a text that somebody else chose, in answers and log lines. */
final class Excerpt {

    private static final int LONGEST = 200;

    private Excerpt() {}

    /** The beginning of a text, at most 200 characters. */
    static String of(String text) {
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "… (" + text.length() + " characters)";
    }
}

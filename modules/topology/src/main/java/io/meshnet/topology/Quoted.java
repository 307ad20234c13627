package io.meshnet.topology;

/** Foreign text made safe for a message: in quotes, on one line, and short whatever its length. */
final class Quoted {
    private static final int LONGEST = 64;

    private Quoted() {}

    static String of(String text) {
        var quoted = new StringBuilder(text.length() + 2).append('"');
        text.codePoints().limit(LONGEST).forEach(codePoint -> append(quoted, codePoint));
        boolean cut = text.codePointCount(0, text.length()) > LONGEST;
        return quoted.append(cut ? "...\"" : "\"").toString();
    }

    private static void append(StringBuilder quoted, int codePoint) {
        if (codePoint == '"' || codePoint == '\\') {
            quoted.append('\\').append((char) codePoint);
        } else if (Character.isISOControl(codePoint) || Character.getType(codePoint) == Character.FORMAT) {
            quoted.append("\\u%04x".formatted(codePoint));
        } else {
            quoted.appendCodePoint(codePoint);
        }
    }
}

package io.meshnet.cni.front;

/** Tells a JSON object from what a wrong or interrupted answer may hold, without being a parser. */
final class JsonShape {
    private static final int DEEPEST = 1000;

    private JsonShape() {}

    /**
     * Whether the text is one object: begins and ends with its braces, all brackets match and all strings end. What stands between
     * them is not looked at.
     */
    static boolean isObject(byte[] text) {
        byte[] open = new byte[DEEPEST];
        int depth = 0;
        boolean inString = false;
        boolean ended = false;
        for (int i = 0; i < text.length; i++) {
            byte c = text[i];
            if (inString) {
                if (c == '\\') {
                    i++;
                } else if (c == '"') {
                    inString = false;
                }
            } else if (depth == 0 && c != '{') {
                if (!isSpace(c)) {
                    return false;
                }
            } else if (ended) {
                return false;
            } else if (c == '"') {
                inString = true;
            } else if (c == '{' || c == '[') {
                if (depth == DEEPEST) {
                    return false;
                }
                open[depth++] = c;
            } else if (c == '}' || c == ']') {
                // in ASCII, both closing brackets stand two after their opening ones
                if (open[--depth] != c - 2) {
                    return false;
                }
                ended = depth == 0;
            }
        }
        return ended && !inString;
    }

    private static boolean isSpace(byte c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
    }
}

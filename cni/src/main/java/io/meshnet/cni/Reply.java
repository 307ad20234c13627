package io.meshnet.cni;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What a plugin has to print and how it has to exit.
 *
 * @param succeeded whether the call succeeded
 * @param body what goes to the standard output: the result of ADD or VERSION, the error of a failed call, otherwise empty
 */
public record Reply(boolean succeeded, String body) {

    /** The exit status of the plugin: 0 or 1. */
    public int exitStatus() {
        return succeeded ? 0 : 1;
    }

    /** The HTTP status that carries the reply to the front: 200 or 500. */
    public int status() {
        return succeeded ? 200 : 500;
    }

    /** The failure of a call that never reached a {@link Dispatcher}, for instance because its request could not be read. */
    public static Reply failure(CniException error) {
        return failure(SpecVersion.LATEST, error);
    }

    static Reply failure(SpecVersion version, CniException error) {
        ObjectNode json = Json.object();
        json.put("cniVersion", version.text());
        json.put("code", error.code());
        json.put("msg", error.msg());
        if (!error.details().isEmpty()) {
            json.put("details", error.details());
        }
        return new Reply(false, Json.write(json));
    }

    static Reply success(ObjectNode result) {
        return new Reply(true, Json.write(result));
    }

    static Reply success() {
        return new Reply(true, "");
    }
}

package io.meshnet.cni;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a plugin has to print and how it has to exit.
 *
 * @param succeeded whether the call succeeded
 * @param body what goes to the standard output: the result of ADD or VERSION, the error of a failed call, otherwise empty
 * @param netns where the front is to mount a network namespace and then to repeat the call; empty for a reply that is final
 */
public record Reply(boolean succeeded, String body, Optional<Path> netns) {
    /** The header of the answer to the front that carries {@link #netns}. */
    public static final String NETNS_HEADER = "Meshnet-Netns";

    private static final int OK = 200;
    private static final int PRECONDITION_REQUIRED = 428;
    private static final int INTERNAL_SERVER_ERROR = 500;

    Reply(boolean succeeded, String body) {
        this(succeeded, body, Optional.empty());
    }

    /** The exit status of the plugin: 0 or 1. */
    public int exitStatus() {
        return succeeded ? 0 : 1;
    }

    /** The HTTP status that carries the reply to the front: 200, 428 when the front is to make a namespace, or 500. */
    public int status() {
        if (succeeded) {
            return OK;
        }
        return netns.isPresent() ? PRECONDITION_REQUIRED : INTERNAL_SERVER_ERROR;
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
        Optional<Path> netns =
                error instanceof NetnsNeededException needed ? Optional.of(needed.path()) : Optional.empty();
        return new Reply(false, Json.write(json), netns);
    }

    static Reply success(ObjectNode result) {
        return new Reply(true, Json.write(result));
    }

    static Reply success() {
        return new Reply(true, "");
    }
}

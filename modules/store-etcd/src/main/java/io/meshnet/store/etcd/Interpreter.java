package io.meshnet.store.etcd;

import io.etcd.jetcd.ByteSequence;
import io.meshnet.topology.Declaration;
import io.meshnet.topology.PodName;
import io.meshnet.topology.TopologyException;
import io.meshnet.topology.TopologyJson;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What is remembered from one reading of the keys to the next: what a pod's links meant, so that the same text is parsed once only, whoever
 * reads it, and what was complained of. Safe for use by any thread.
 */
final class Interpreter {
    private static final Logger LOG = System.getLogger(Interpreter.class.getPackageName());

    private record Parsed(ByteSequence text, Declaration meaning) {}

    private final Map<PodName, Parsed> parsed = new ConcurrentHashMap<>();
    private final Map<PodKey, String> told = new ConcurrentHashMap<>();

    /**
     * What a pod's list of links says.
     *
     * @param links the key's value; empty when there is no such key
     */
    Declaration declaration(PodName pod, Optional<ByteSequence> links) {
        if (links.isEmpty()) {
            parsed.remove(pod);
            return new Declaration.Absent();
        }
        return parsed.compute(
                        pod,
                        (_, known) -> known != null && known.text().equals(links.get())
                                ? known
                                : new Parsed(links.get(), parse(pod, links.get())))
                .meaning();
    }

    private static Declaration parse(PodName pod, ByteSequence links) {
        try {
            return new Declaration.Links(TopologyJson.parse(pod, links.getBytes()));
        } catch (TopologyException e) {
            return new Declaration.Broken(e.getMessage());
        }
    }

    /** Logs what is wrong with a key, the same only once in a row. */
    void complain(PodKey key, String text) {
        if (!text.equals(told.put(key, text))) {
            LOG.log(Level.WARNING, "{0} {1}; the pod counts as not alive", key, text);
        }
    }
}

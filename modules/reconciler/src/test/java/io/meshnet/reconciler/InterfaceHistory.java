package io.meshnet.reconciler;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.reconciler.ModelKernel.Namespace;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Records which interface each pod of a node has under which name. The interface has to stay the
 * same while the pod runs and the daemon of the node sees it declared, unless the pod deletes it or
 * the patch namespace is lost.
 */
final class InterfaceHistory {

    private final Map<Namespace, Map<String, ModelInterface>> pods = new HashMap<>();

    /**
     * What is not declared any more may go.
     *
     * @param names all that the daemon sees declared for the pod
     */
    void declare(Namespace pod, Set<String> names) {
        pods.computeIfAbsent(pod, _ -> new HashMap<>()).keySet().retainAll(names);
    }

    /**
     * Compares with what was before.
     *
     * @param now the declared interfaces that are there
     */
    void record(Namespace pod, Map<String, ModelInterface> now) {
        Map<String, ModelInterface> before = pods.computeIfAbsent(pod, _ -> new HashMap<>());
        before.forEach((name, known) -> assertThat(now.get(name))
                .as("%s in namespace %d", name, pod.number())
                .isSameAs(known));
        before.putAll(now);
    }

    /** An interface was deleted by its pod. */
    void forget(ModelInterface deleted) {
        pods.values().forEach(pod -> pod.values().removeIf(each -> each == deleted));
    }

    /** A pod left. */
    void forget(Namespace pod) {
        pods.remove(pod);
    }

    void clear() {
        pods.clear();
    }
}

package io.meshnet.cni;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What {@code CNI_ARGS} says of the pod; a component is empty when it says nothing of it.
 *
 * @param podName {@code K8S_POD_NAME}
 * @param podNamespace {@code K8S_POD_NAMESPACE}
 * @param infraContainerId {@code K8S_POD_INFRA_CONTAINER_ID}
 */
public record PodArguments(String podName, String podNamespace, String infraContainerId) {

    /**
     * Reads {@code KEY=VALUE} pairs separated by semicolons, as the reference implementation's {@code types.LoadArgs} does: keys have
     * case, the last of several wins, and a key that is not known is an error unless {@code IgnoreUnknown} is set to
     * {@code 1} or {@code true}.
     *
     * @throws CniException with code 4, naming the pair
     */
    public static PodArguments parse(String text) throws CniException {
        String name = "";
        String namespace = "";
        String container = "";
        boolean ignoreUnknown = false;
        List<String> unknown = new ArrayList<>();
        for (String pair : text.isEmpty() ? new String[0] : text.split(";", -1)) {
            int equals = pair.indexOf('=');
            if (equals < 0 || equals != pair.lastIndexOf('=')) {
                throw invalid("\"" + pair + "\" is not of the form KEY=VALUE");
            }
            String value = pair.substring(equals + 1);
            switch (pair.substring(0, equals)) {
                case "K8S_POD_NAME" -> name = value;
                case "K8S_POD_NAMESPACE" -> namespace = value;
                case "K8S_POD_INFRA_CONTAINER_ID" -> container = value;
                case "IgnoreUnknown" -> ignoreUnknown = flag(pair, value);
                default -> unknown.add("\"" + pair + "\"");
            }
        }
        if (!unknown.isEmpty() && !ignoreUnknown) {
            throw invalid("unknown arguments " + String.join(", ", unknown) + ", and IgnoreUnknown is not set");
        }
        return new PodArguments(name, namespace, container);
    }

    /** The arguments as {@code CNI_ARGS} has them, for a call that is made on behalf of the pod. */
    String text() {
        return "IgnoreUnknown=1;K8S_POD_NAMESPACE=" + podNamespace + ";K8S_POD_NAME=" + podName
                + ";K8S_POD_INFRA_CONTAINER_ID=" + infraContainerId;
    }

    private static boolean flag(String pair, String value) throws CniException {
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "1", "true" -> true;
            case "0", "false" -> false;
            default -> throw invalid("\"" + pair + "\" must be 0, 1, true or false");
        };
    }

    private static CniException invalid(String why) {
        return new CniException(
                CniException.INVALID_ENVIRONMENT,
                "CNI_ARGS: " + why,
                "the runtime, or whoever calls it, gives the arguments; IgnoreUnknown=1 has unknown ones ignored");
    }
}

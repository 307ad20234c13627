package io.meshnet.cni;

import static io.meshnet.cni.Command.ADD;
import static io.meshnet.cni.Command.CHECK;
import static io.meshnet.cni.Command.DEL;
import static io.meshnet.cni.Command.GC;
import static io.meshnet.cni.Command.STATUS;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What the environment of a call says.
 *
 * @param command what is asked
 * @param variables every variable of the protocol that was given, under its name
 */
record Invocation(Command command, Map<String, String> variables) {
    private static final String COMMAND = "CNI_COMMAND";
    private static final String CONTAINER = "CNI_CONTAINERID";
    private static final String NETNS = "CNI_NETNS";
    private static final String IFNAME = "CNI_IFNAME";
    private static final String ARGS = "CNI_ARGS";
    private static final String PATH = "CNI_PATH";
    private static final String ADVICE =
            "whoever executes the plugin sets these variables: section 2 of the CNI specification lists them";
    private static final Pattern VARIABLE = Pattern.compile("CNI_[A-Z0-9_]+");
    private static final Pattern CONTAINER_ID = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]*");
    /** IFNAMSIZ of linux/if.h, less the final zero. */
    private static final int LONGEST_IFNAME = 15;

    /** What is wrong with a value. */
    private interface Check {
        /** The end of a sentence that begins with the value; empty for nothing. */
        String complaint(String value);
    }

    /** A variable, the commands that cannot do without it, and what its value has to be for them. */
    private record Variable(String name, Set<Command> requiring, Check check) {}

    private static final List<Variable> VARIABLES = List.of(
            new Variable(CONTAINER, Set.of(ADD, DEL, CHECK), Invocation::complaintOfContainerId),
            new Variable(NETNS, Set.of(ADD, CHECK), _ -> ""),
            new Variable(IFNAME, Set.of(ADD, DEL, CHECK), Invocation::complaintOfIfname),
            new Variable(ARGS, Set.of(), _ -> ""),
            new Variable(PATH, Set.of(ADD, DEL, CHECK, GC, STATUS), _ -> ""));

    /**
     * Reads what belongs to the protocol and checks it against the table of required variables. Empty counts as missing.
     *
     * @throws CniException with code 4, naming the variables
     */
    static Invocation read(Map<String, String> environment) throws CniException {
        Map<String, String> given = new TreeMap<>();
        for (Map.Entry<String, String> entry : environment.entrySet()) {
            String name = entry.getKey();
            if (name != null
                    && entry.getValue() != null
                    && VARIABLE.matcher(name).matches()) {
                requirePrintable(name, entry.getValue());
                given.put(name, entry.getValue());
            }
        }
        String text = given.getOrDefault(COMMAND, "");
        if (text.isEmpty()) {
            throw invalid(COMMAND + " is missing in the environment");
        }
        Command command = Command.of(text).orElseThrow(() -> invalid("unknown " + COMMAND + " \"" + text + "\""));
        List<String> missing = new ArrayList<>();
        for (Variable variable : VARIABLES) {
            String value = given.getOrDefault(variable.name(), "");
            if (!variable.requiring.contains(command)) {
                continue;
            }
            if (value.isEmpty()) {
                missing.add(variable.name());
                continue;
            }
            String complaint = variable.check.complaint(value);
            if (!complaint.isEmpty()) {
                throw invalid(variable.name() + " \"" + value + "\" " + complaint);
            }
        }
        if (!missing.isEmpty()) {
            throw invalid(command + " needs " + String.join(", ", missing) + " in the environment");
        }
        return new Invocation(command, Map.copyOf(given));
    }

    String containerId() {
        return variable(CONTAINER);
    }

    String netns() {
        return variable(NETNS);
    }

    String ifname() {
        return variable(IFNAME);
    }

    String args() {
        return variable(ARGS);
    }

    /** Where plugins lie: directories separated by colons. */
    String path() {
        return variable(PATH);
    }

    /** The same call with another command, for a delegate whose work has to be undone. */
    Invocation with(Command other) {
        return new Invocation(other, variables);
    }

    /** The same call without a namespace, for a delegate that must not touch the one at that path. */
    Invocation withoutNetns() {
        Map<String, String> others = new TreeMap<>(variables);
        others.remove(NETNS);
        return new Invocation(command, Map.copyOf(others));
    }

    /** The DEL of an attachment, for one that this call finds to be no longer valid. */
    Invocation deleting(Attachment attachment) {
        Map<String, String> others = new TreeMap<>(variables);
        others.put(CONTAINER, attachment.containerId());
        others.put(NETNS, attachment.netns());
        others.put(IFNAME, attachment.ifname());
        others.put(ARGS, attachment.args().text());
        return new Invocation(DEL, Map.copyOf(others));
    }

    /** The environment of a delegate: what came with this call, and every variable of the protocol even when it did not come. */
    Map<String, String> environment() {
        Map<String, String> all = new TreeMap<>(variables);
        for (Variable variable : VARIABLES) {
            all.putIfAbsent(variable.name(), "");
        }
        all.put(COMMAND, command.name());
        return all;
    }

    private String variable(String name) {
        return variables.getOrDefault(name, "");
    }

    /** Other characters reach neither the environment of a delegate nor the kernel as they are. */
    private static void requirePrintable(String name, String value) throws CniException {
        for (int i = 0; i < value.length(); i++) {
            if (value.charAt(i) < ' ' || value.charAt(i) > '~') {
                throw invalid(name + " has a character that is not printable ASCII at position " + (i + 1));
            }
        }
    }

    private static String complaintOfContainerId(String value) {
        return CONTAINER_ID.matcher(value).matches()
                ? ""
                : "must begin with a letter or digit and consist of letters, digits, \"_\", \".\" and \"-\"";
    }

    /** As {@code dev_valid_name} of the kernel's net/core/dev.c. */
    private static String complaintOfIfname(String value) {
        if (value.length() > LONGEST_IFNAME) {
            return "has more than " + LONGEST_IFNAME + " characters";
        }
        if (value.equals(".") || value.equals("..")) {
            return "is no name of an interface";
        }
        boolean forbidden = value.chars().anyMatch(c -> c == '/' || c == ':' || c == ' ');
        return forbidden ? "must not contain \"/\", \":\" or a space" : "";
    }

    private static CniException invalid(String why) {
        return new CniException(CniException.INVALID_ENVIRONMENT, why, ADVICE);
    }
}

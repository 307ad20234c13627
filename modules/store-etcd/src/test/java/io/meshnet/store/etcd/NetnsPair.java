package io.meshnet.store.etcd;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Two network namespaces with two cables between them, for tests that cut one. {@code near} has the addresses 10.255.1.1 and 10.255.2.1 at
 * them, {@code far} 10.255.1.2 and 10.255.2.2. Nothing of it is in the namespace of the caller. Closing it removes both; what runs in them
 * has to have ended.
 */
final class NetnsPair implements AutoCloseable {
    private final String near = "meshnet-" + ProcessHandle.current().pid() + "-near";
    private final String far = "meshnet-" + ProcessHandle.current().pid() + "-far";

    private NetnsPair() {}

    static NetnsPair create() throws IOException {
        var pair = new NetnsPair();
        try {
            pair.make();
            return pair;
        } catch (IOException e) {
            pair.close();
            throw e;
        }
    }

    private void make() throws IOException {
        for (String netns : List.of(near, far)) {
            run("ip", "netns", "add", netns);
            run("ip", "-n", netns, "link", "set", "lo", "up");
        }
        for (int cable = 1; cable <= 2; cable++) {
            String name = "cable" + cable;
            run("ip", "-n", near, "link", "add", name, "type", "veth", "peer", "name", name, "netns", far);
            setUp(near, cable, 1);
            setUp(far, cable, 2);
        }
    }

    private void setUp(String netns, int cable, int host) throws IOException {
        run("ip", "-n", netns, "address", "add", "10.255." + cable + "." + host + "/24", "dev", "cable" + cable);
        run("ip", "-n", netns, "link", "set", "cable" + cable, "up");
    }

    /** What runs the rest of a command there. */
    List<String> near() {
        return List.of("ip", "netns", "exec", near);
    }

    /** What runs the rest of a command there. */
    List<String> far() {
        return List.of("ip", "netns", "exec", far);
    }

    /** Takes the far end of a cable down: what the near end sends goes nowhere, and nobody tells it. */
    void cut(int cable) throws IOException {
        run("ip", "-n", far, "link", "set", "cable" + cable, "down");
    }

    void mend(int cable) throws IOException {
        run("ip", "-n", far, "link", "set", "cable" + cable, "up");
    }

    /** Runs a command and returns what it prints. */
    static String run(List<String> prefix, String... command) throws IOException {
        var all = new ArrayList<>(prefix);
        all.addAll(List.of(command));
        var process = new ProcessBuilder(all).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = process.onExit().join().exitValue();
        if (status != 0) {
            throw new IOException(String.join(" ", all) + ": status " + status + ": " + output);
        }
        return output;
    }

    private static void run(String... command) throws IOException {
        run(List.of(), command);
    }

    @Override
    public void close() throws IOException {
        for (String netns : List.of(near, far)) {
            if (Files.exists(Path.of("/run/netns", netns))) {
                run("ip", "netns", "delete", netns);
            }
        }
    }
}

package io.meshnet.cni.front;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The plugin as a runtime executes it: {@code CNI_*} environment and standard input go to the daemon, its answer comes out. The
 * portable form; {@code src/main/c/meshnet.c} does the same, to the letter, without a JVM.
 *
 * <p>Configuration: {@code MESHNET_SOCKET}, the daemon's Unix socket, and {@code MESHNET_TIMEOUT}, the seconds (1 to 86400) until
 * the call is given up. Standard output carries the result or the error and nothing else; the exit status is 0 or 1.
 *
 * <p>When a daemon in a container asks for a network namespace, {@link NetnsMount} makes it, and the call is repeated.
 */
public final class Front {
    /** The daemon's socket when {@code MESHNET_SOCKET} does not say. */
    static final String SOCKET = "/run/meshnet/meshnetd.sock";
    /** What VERSION is answered with while there is no daemon to ask. */
    static final String VERSIONS = "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":"
            + "[\"0.1.0\",\"0.2.0\",\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}";

    private static final String WAITING = "waiting for its answer";
    private static final int FAILED = 1;
    private static final int SECONDS = 120;
    private static final int MOST_SECONDS = 86_400;
    private static final int LARGEST_INPUT = 16 << 20;

    private final String command;
    private final String socket;
    private boolean answered;
    private volatile String stage = "reading the standard input";

    private Front(String command, String socket) {
        this.command = command;
        this.socket = socket;
    }

    /** Runs one call and exits. */
    public static void main(String[] arguments) {
        Map<String, String> environment = System.getenv();
        String socket = value(environment, "MESHNET_SOCKET", SOCKET);
        System.exit(new Front(value(environment, "CNI_COMMAND", ""), socket).run(environment));
    }

    private int run(Map<String, String> environment) {
        try {
            watch(seconds(value(environment, "MESHNET_TIMEOUT", "")));
            byte[] request = Request.encode(environment, input());
            Answer answer = ask(request);
            byte[] body = answer.body(command);
            return claim() ? print(body, answer.succeeded()) : overtaken();
        } catch (FrontException e) {
            return claim() ? fail(e) : overtaken();
        } catch (Throwable e) { // whatever happens, the runtime reads a CNI error
            e.printStackTrace();
            return claim() ? fail(new FrontException(FrontException.TRY_AGAIN_LATER, e.toString())) : overtaken();
        }
    }

    /** Sends the call to the daemon. If the daemon asks for a network namespace, makes it and sends the call once more. */
    private Answer ask(byte[] request) throws FrontException {
        stage = WAITING;
        Answer answer = Exchange.with(socket, request);
        if (answer.netns() == null) {
            return answer;
        }
        stage = "making the network namespace that it asks for";
        NetnsMount.make(answer.netns());
        stage = WAITING;
        Answer again = Exchange.with(socket, request);
        if (again.netns() != null) {
            throw AnswerReader.refused("it asks again for the network namespace at " + again.netns()
                    + ", which is mounted on the node: its container has to see the node's mounts there"
                    + " (mountPropagation: HostToContainer)");
        }
        return again;
    }

    /** Leaves the end of the process to the deadline, which is just writing its error. */
    private static int overtaken() {
        try {
            Thread.sleep(MOST_SECONDS * 1000L);
        } catch (InterruptedException e) {
            System.err.println("interrupted while the deadline's error is written");
        }
        return FAILED;
    }

    private void watch(int seconds) {
        Thread watch = new Thread(new Watch(seconds), "deadline");
        watch.setDaemon(true);
        watch.start();
    }

    private int fail(FrontException failure) {
        String reason = failure.getMessage();
        boolean unreachable = failure.code() == FrontException.TRY_AGAIN_LATER;
        if (unreachable && command.equals("VERSION")) {
            System.err.println(why(reason));
            return print(VERSIONS.getBytes(StandardCharsets.US_ASCII), true);
        }
        // To STATUS, trying again later is not an answer: the runtime asks whether it could.
        int code = unreachable && command.equals("STATUS") ? FrontException.NOT_AVAILABLE : failure.code();
        return print(ErrorJson.of(code, unreachable ? why(reason) : reason, failure.advice()), false);
    }

    private String why(String reason) {
        return "meshnetd at " + socket + ": " + reason;
    }

    /** Whether the caller is the one that answers: the call and its deadline may come to an end together. */
    private synchronized boolean claim() {
        boolean first = !answered;
        answered = true;
        return first;
    }

    private static int print(byte[] body, boolean succeeded) {
        try {
            new FileOutputStream(FileDescriptor.out).write(body);
            return succeeded ? 0 : FAILED;
        } catch (IOException e) {
            System.err.println("cannot write the result: " + e.getMessage());
            return FAILED;
        }
    }

    private static byte[] input() throws FrontException {
        try {
            byte[] input = new FileInputStream(FileDescriptor.in).readNBytes(LARGEST_INPUT + 1);
            if (input.length > LARGEST_INPUT) {
                throw new FrontException(FrontException.IO_FAILURE, "the standard input has more than 16 MiB");
            }
            return input;
        } catch (IOException e) {
            throw new FrontException(FrontException.IO_FAILURE, "cannot read the standard input: " + e.getMessage());
        }
    }

    private static String value(Map<String, String> environment, String name, String fallback) {
        String value = environment.get(name);
        return value == null || value.isEmpty() ? fallback : value;
    }

    /** The deadline that {@code text} gives; the default when it is empty. */
    static int seconds(String text) throws FrontException {
        if (text.isEmpty()) {
            return SECONDS;
        }
        try {
            int seconds = Integer.parseInt(text);
            if (seconds >= 1 && seconds <= MOST_SECONDS) {
                return seconds;
            }
        } catch (NumberFormatException e) {
            // the same complaint as for a number out of range
        }
        throw new FrontException(
                FrontException.INVALID_ENVIRONMENT,
                "MESHNET_TIMEOUT must be a number of seconds from 1 to 86400: \"" + text + '"');
    }

    /** Ends the process when the deadline has passed; nothing else can end a read that blocks. */
    private final class Watch implements Runnable {
        private final int seconds;

        Watch(int seconds) {
            this.seconds = seconds;
        }

        @Override
        public void run() {
            try {
                Thread.sleep(seconds * 1000L);
            } catch (InterruptedException e) {
                return;
            }
            if (claim()) {
                String why = "gave up after " + seconds + " s of " + stage;
                Runtime.getRuntime().halt(fail(new FrontException(FrontException.TRY_AGAIN_LATER, why)));
            }
        }
    }
}

package io.meshnet.daemon.ctl;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/**
 * One run of meshnetctl within the test's own process.
 *
 * @param status its exit status
 * @param out what it printed
 * @param err what it complained about
 */
public record CtlRun(int status, String out, String err) {

    /** Runs a command to its end. */
    public static CtlRun of(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status = new CommandLine(new Main())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
        return new CtlRun(status, out.toString(), err.toString());
    }
}

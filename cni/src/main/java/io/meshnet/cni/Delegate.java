package io.meshnet.cni;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeoutException;

/**
 * A plugin that can be called.
 *
 * @param type its name
 * @param executable where it lies
 * @param settings its deadline and {@code PATH}
 */
record Delegate(String type, Path executable, Delegates settings) {
    private static final System.Logger LOG = System.getLogger(Delegate.class.getName());

    /**
     * Executes the plugin and waits for it.
     *
     * @return its standard output
     * @throws CniException the plugin's own error as it is; 100 when it failed without one, 11 when it took too long, 5 when it could
     *     not be executed
     */
    String call(Invocation call, Delegation delegation) throws CniException {
        Map<String, String> environment = call.environment();
        environment.put("PATH", settings.executables());
        PluginProcess.Outcome outcome = run(call, delegation, environment);
        if (!outcome.stderr().isBlank()) {
            LOG.log(
                    System.Logger.Level.INFO,
                    "{0} of container {1} on stderr: {2}",
                    named(call),
                    call.containerId(),
                    Json.excerpt(outcome.stderr()));
        }
        if (outcome.status() != 0) {
            throw failure(call, outcome);
        }
        return outcome.stdout();
    }

    /** How messages call the plugin and what was asked of it. */
    String named(Invocation call) {
        return call.command() + " of the delegate \"" + type + "\"";
    }

    private PluginProcess.Outcome run(Invocation call, Delegation delegation, Map<String, String> environment)
            throws CniException {
        try {
            return PluginProcess.run(
                    settings.mounts().command(executable), environment, delegation.input(), settings.deadline());
        } catch (TimeoutException e) {
            throw new CniException(
                    CniException.TRY_AGAIN_LATER,
                    named(call) + " was killed, not having ended within "
                            + settings.deadline().toMillis() + " ms",
                    executable.toString(),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CniException(
                    CniException.TRY_AGAIN_LATER, named(call) + " was killed, as the daemon is stopping", "", e);
        } catch (IOException e) {
            throw new CniException(
                    CniException.IO_FAILURE, named(call) + " could not be executed", String.valueOf(e.getMessage()), e);
        }
    }

    private CniException failure(Invocation call, PluginProcess.Outcome outcome) {
        try {
            ObjectNode error = Json.readObject(outcome.stdout(), "the standard output");
            JsonNode code = error.path("code");
            if (code.isIntegralNumber() && code.canConvertToInt()) {
                return new CniException(
                        code.intValue(),
                        error.path("msg").asText(""),
                        error.path("details").asText(""));
            }
        } catch (CniException e) {
            LOG.log(System.Logger.Level.DEBUG, "{0} printed no CNI error: {1}", named(call), e.msg());
        }
        String stdout = Json.excerpt(outcome.stdout());
        String said = outcome.stderr().isBlank() ? "nothing on stderr" : "on stderr: " + Json.excerpt(outcome.stderr());
        return new CniException(
                CniException.DELEGATE_FAILED,
                named(call) + " ended with exit status " + outcome.status() + " and without a CNI error",
                stdout.isEmpty() ? said : said + "; on stdout: " + stdout);
    }
}

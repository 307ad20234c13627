package io.meshnet.daemon;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshnet.reconciler.peer.VtepUpdate;
import io.meshnet.reconciler.state.LinkId;
import io.meshnet.reconciler.state.PodLink;
import io.meshnet.topology.PodName;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * The daemon's log: one JSON object a line on the standard error, with the pod and the link that it is about wherever there is one. They
 * are taken from the message's parameters, so that whoever logs has only to pass them.
 */
final class LogLines extends Formatter {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** What libraries have to say is for them to sort out, unless it is serious. */
    private static final List<Logger> QUIET = List.of(
            Logger.getLogger("io.grpc"),
            Logger.getLogger("io.netty"),
            Logger.getLogger("io.vertx"),
            Logger.getLogger("io.etcd"),
            Logger.getLogger("io.helidon"));

    LogLines() {}

    /** Makes this the log of the process. */
    static void install(Level level) {
        Logger root = Logger.getLogger("");
        for (var handler : root.getHandlers()) {
            root.removeHandler(handler);
        }
        ConsoleHandler handler = new ConsoleHandler();
        handler.setFormatter(new LogLines());
        handler.setLevel(Level.ALL);
        root.addHandler(handler);
        Logger.getLogger("io.meshnet").setLevel(level);
        QUIET.forEach(logger -> logger.setLevel(Level.SEVERE));
    }

    @Override
    public String format(LogRecord entry) {
        ObjectNode line = JSON.createObjectNode();
        line.put("time", entry.getInstant().toString());
        line.put("level", entry.getLevel().getName());
        line.put("logger", entry.getLoggerName());
        if (entry.getParameters() != null) {
            for (Object parameter : entry.getParameters()) {
                subject(line, parameter);
            }
        }
        line.put("message", formatMessage(entry));
        if (entry.getThrown() != null) {
            StringWriter trace = new StringWriter();
            entry.getThrown().printStackTrace(new PrintWriter(trace));
            line.put("error", trace.toString());
        }
        return line + "\n";
    }

    private static void subject(ObjectNode line, Object parameter) {
        switch (parameter) {
            case PodName pod -> line.put("pod", pod.toString());
            case PodLink link -> line.put("link", link.toString());
            case LinkId link -> line.put("link", link.toString());
            case VtepUpdate update -> line.put("link", update.toString());
            case null, default -> {}
        }
    }
}

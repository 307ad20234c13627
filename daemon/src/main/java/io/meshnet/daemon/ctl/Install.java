package io.meshnet.daemon.ctl;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshnet.daemon.Version;
import io.meshnet.daemon.install.Following;
import io.meshnet.daemon.install.Form;
import io.meshnet.daemon.install.InstallException;
import io.meshnet.daemon.install.Installation;
import io.meshnet.store.etcd.Endpoint;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Puts meshnet into the node's CNI directories. */
@Command(
        name = "install",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        usageHelpAutoWidth = true,
        description = "Puts the front beside the node's CNI plugins, and meshnet into the configuration that is there:"
                + " in a file of its own that runtimes find first. What is there is not touched.",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:meshnet is installed", "1:it is not; the message says why", "2:a wrong option"})
final class Install implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private CniOptions options = new CniOptions();

    @Option(
            names = "--front",
            paramLabel = "FILE",
            description = "the front: a program, or a launcher that stays where it is (bin/meshnet of this image)")
    private Path front = Path.of(System.getProperty("java.home"), "bin", "meshnet");

    @Option(
            names = "--require-program",
            description = "refuse a launcher, as must be in a container, whose files the runtime does not see")
    private boolean program;

    @Option(
            names = "--form",
            paramLabel = "chained|delegate",
            defaultValue = "chained",
            converter = FormName.class,
            description = "meshnet behind the plugins that are there, or before them with the first as its delegate"
                    + " (${DEFAULT-VALUE})")
    private Form form = Form.CHAINED;

    @Option(
            names = "--etcd",
            paramLabel = "ENDPOINT",
            converter = EndpointText.class,
            description = "the etcd to be named in the configuration (none: the daemon's own)")
    private Endpoint etcd;

    @Option(
            names = "--watch",
            description =
                    "stay, and follow what becomes of the node's own configuration; wait for one if there is none")
    private boolean watch;

    @Option(
            names = "--interval",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description = "with --watch: look this often although nothing seems to have changed (${DEFAULT-VALUE})")
    private int interval;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        if (interval < 1 || interval > 86_400) {
            throw new ParameterException(
                    spec.commandLine(), "--interval must be from 1 to 86400 seconds, not " + interval);
        }
        try {
            Installation installation = options.installation();
            Installation.Plan plan = new Installation.Plan(front, !program, form, store());
            if (watch) {
                new Following(installation, plan, Duration.ofSeconds(interval), out::println, err::println).run();
            }
            report(out, installation.install(plan));
            return 0;
        } catch (InstallException e) {
            err.println(e.getMessage());
        } catch (IOException e) {
            err.println("cannot install: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return 1;
    }

    private static void report(PrintWriter out, List<String> changes) {
        changes.forEach(out::println);
        if (changes.isEmpty()) {
            out.println("meshnet is installed already");
        }
    }

    private ObjectNode store() {
        return etcd == null ? Installation.Plan.daemonsOwn() : Installation.Plan.etcd(etcd.host(), etcd.port());
    }

    /** Reads a form by its name. */
    static final class FormName implements ITypeConverter<Form> {
        /** For the command line. */
        FormName() {}

        @Override
        public Form convert(String text) {
            try {
                return Form.valueOf(text.toUpperCase(Locale.ROOT));
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException("\"" + text + "\" is neither chained nor delegate");
            }
        }
    }

    /** Reads one endpoint: a CNI configuration has a place for no more. */
    static final class EndpointText implements ITypeConverter<Endpoint> {
        /** For the command line. */
        EndpointText() {}

        @Override
        public Endpoint convert(String text) {
            if (text.indexOf(',') >= 0) {
                throw new TypeConversionException(
                        "a CNI configuration can name one endpoint only: leave the option out,"
                                + " and the daemon's own are used (MESHNET_ETCD_ENDPOINTS of meshnetd)");
            }
            try {
                return Endpoint.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}

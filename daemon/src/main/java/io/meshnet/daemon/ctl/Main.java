package io.meshnet.daemon.ctl;

import io.meshnet.daemon.Version;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** meshnetctl: what a person asks of meshnet. */
@Command(
        name = "meshnetctl",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Looks after a meshnet.",
        subcommands = {Main.VersionCommand.class, Validate.class, Install.class, Uninstall.class})
public final class Main implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    /** For the command line. */
    public Main() {}

    /** Runs one command. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Main()).execute(arguments));
    }

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    /** Prints the version. */
    @Command(name = "version", description = "Prints the version.")
    static final class VersionCommand implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Override
        public Integer call() {
            PrintWriter out = spec.commandLine().getOut();
            out.println("meshnet " + Version.text());
            return 0;
        }
    }
}

package io.meshnet.daemon.ctl;

import io.meshnet.daemon.Version;
import io.meshnet.daemon.install.InstallException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Takes meshnet out of the node's CNI directories. */
@Command(
        name = "uninstall",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        usageHelpAutoWidth = true,
        description = "Takes away what install has put into the node's CNI directories, and leaves them as they were.",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:meshnet is not installed", "1:it still is; the message says why", "2:a wrong option"})
final class Uninstall implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private CniOptions options = new CniOptions();

    @Option(names = "--stay", description = "go on running once it is done, as a container of a DaemonSet has to")
    private boolean stay;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        try {
            List<String> changes = options.installation().uninstall();
            changes.forEach(out::println);
            if (changes.isEmpty()) {
                out.println("meshnet is not installed");
            }
            if (stay) {
                Thread.currentThread().join();
            }
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        } catch (InstallException e) {
            err.println(e.getMessage());
        } catch (IOException e) {
            err.println("cannot uninstall: " + e);
        }
        return 1;
    }
}

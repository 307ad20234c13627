package io.meshnet.daemon.ctl;

import io.meshnet.daemon.install.InstallException;
import io.meshnet.daemon.install.Installation;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where a node keeps its CNI plugins and their configurations: what installing and uninstalling have in common. */
final class CniOptions {

    @Option(
            names = "--bin-dir",
            paramLabel = "DIRECTORY",
            defaultValue = "${env:MESHNET_CNI_BIN_DIR:-/opt/cni/bin}",
            description = "where the runtime finds plugins (MESHNET_CNI_BIN_DIR; ${DEFAULT-VALUE})")
    private Path bin = Path.of("");

    @Option(
            names = "--conf-dir",
            paramLabel = "DIRECTORY",
            defaultValue = "${env:MESHNET_CNI_CONF_DIR:-/etc/cni/net.d}",
            description = "where the runtime finds their configurations (MESHNET_CNI_CONF_DIR; ${DEFAULT-VALUE})")
    private Path conf = Path.of("");

    @Option(
            names = "--file",
            paramLabel = "NAME",
            defaultValue = "00-meshnet.conflist",
            description = "the configuration's name; runtimes use the first in order (${DEFAULT-VALUE})")
    private String file = "";

    Installation installation() throws InstallException {
        return new Installation(new Installation.Directories(bin.toAbsolutePath(), conf.toAbsolutePath()), file);
    }
}

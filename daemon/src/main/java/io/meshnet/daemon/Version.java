package io.meshnet.daemon;

import picocli.CommandLine.IVersionProvider;

/** The version of meshnet, as the build gave it to the module. */
public final class Version implements IVersionProvider {

    /** For the command line. */
    public Version() {}

    /** The version; {@code unknown} when run from something else than the build's modules. */
    public static String text() {
        var descriptor = Version.class.getModule().getDescriptor();
        return descriptor == null ? "unknown" : descriptor.rawVersion().orElse("unknown");
    }

    @Override
    public String[] getVersion() {
        return new String[] {"meshnet " + text()};
    }
}

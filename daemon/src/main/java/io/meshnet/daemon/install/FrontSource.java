package io.meshnet.daemon.install;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The front as it is to lie beside the other plugins: a program as it is; for a launcher, which needs the image around it, a shell
 * script that calls it there.
 */
final class FrontSource {

    /** ELFMAG of elf.h. */
    private static final String ELF = "\u007fELF";

    private static final String SCRIPT = "#!";

    private FrontSource() {}

    /**
     * The bytes to install.
     *
     * @param launchers whether a launcher will do; in a container it will not, as the runtime does not see the image's files
     * @throws InstallException when there is no such file, or it is no program
     */
    static byte[] read(Path front, boolean launchers) throws InstallException {
        try {
            byte[] content = Files.readAllBytes(front);
            if (begins(content, ELF)) {
                return content;
            }
            if (begins(content, SCRIPT) && !launchers) {
                throw new InstallException(front + " is a launcher, which works only where the runtime finds the image"
                        + " around it, and a program is required: build the image where a C compiler is at hand");
            }
            if (begins(content, SCRIPT)) {
                return shim(front.toRealPath()).getBytes(StandardCharsets.UTF_8);
            }
        } catch (IOException e) {
            throw new InstallException("the front to install cannot be read: " + e, e);
        }
        throw new InstallException(
                "the front to install, " + front + ", is neither an ELF program nor a script with a first line \"#!\"");
    }

    private static boolean begins(byte[] content, String magic) {
        return new String(content, 0, Math.min(content.length, magic.length()), StandardCharsets.ISO_8859_1)
                .equals(magic);
    }

    private static String shim(Path launcher) {
        return "#!/bin/sh\n# Calls meshnet in the image that it belongs to. Written by meshnetctl install.\nexec '"
                + launcher.toString().replace("'", "'\\''") + "' \"$@\"\n";
    }
}

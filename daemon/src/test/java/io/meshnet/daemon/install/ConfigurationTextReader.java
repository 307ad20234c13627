package io.meshnet.daemon.install;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;

/** Reads what a test has written itself, which cannot be wrong. */
final class ConfigurationTextReader {

    private ConfigurationTextReader() {}

    static ObjectNode read(Path file) throws IOException {
        try {
            return ConfigurationText.read(file);
        } catch (InstallException e) {
            throw new IOException(e);
        }
    }
}

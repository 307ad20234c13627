package io.meshnet.cni;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Plugins written as shell scripts, which note how they were called. */
record ScriptPlugins(Path directory) {

    /** Makes a plugin whose script goes on with {@code body} after it has noted its environment and input. */
    void plugin(String name, String body) throws IOException {
        String noting = """
                #!/bin/sh
                echo "$CNI_COMMAND" >> '%1$s/calls'
                env -0 > '%1$s/environment'
                cat > "%1$s/stdin.$CNI_COMMAND"
                """.formatted(directory);
        raw(name, noting + body + "\n");
    }

    /** Makes a plugin that answers ADD with {@code result} and everything else with success. */
    void answering(String name, String result) throws IOException {
        Files.writeString(directory.resolve(name + ".result"), result);
        plugin(name, "if [ \"$CNI_COMMAND\" = ADD ]; then cat '" + directory.resolve(name + ".result") + "'; fi");
    }

    void raw(String name, String script) throws IOException {
        Path file = directory.resolve(name);
        Files.writeString(file, script);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** The commands that the plugins of this directory were called with. */
    List<String> calls() throws IOException {
        Path calls = directory.resolve("calls");
        return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
    }

    /** The environment of the last call, without what the shell adds. */
    Map<String, String> environment() throws IOException {
        Map<String, String> all = new TreeMap<>();
        for (String each : Files.readString(directory.resolve("environment")).split("\0", -1)) {
            int equals = each.indexOf('=');
            if (equals < 0) {
                continue; // after the last zero
            }
            all.put(each.substring(0, equals), each.substring(equals + 1));
        }
        all.keySet().removeAll(List.of("PWD", "_", "SHLVL", "OLDPWD"));
        return all;
    }

    /** The standard input of the last call with that command. */
    JsonNode stdin(String command) throws IOException {
        return Caller.json(Files.readString(directory.resolve("stdin." + command)));
    }
}
